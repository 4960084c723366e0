"""Assert that an action is refused."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps

from customers.errors import ActionRefused


@contextmanager
def refused(message: str | re.Pattern[str], code: str, field: str | None = None) -> Iterator[None]:
    """Assert that the block raises this ActionRefused and changes no record."""
    before = all_rows()
    with pytest.raises(ActionRefused) as caught:
        yield
    assert (caught.value.code, caught.value.field) == (code, field)
    if isinstance(message, str):
        assert caught.value.message == message
    else:
        assert message.fullmatch(caught.value.message)
    assert all_rows() == before


CHECK_THE_CLOCK = (
    r"The server's time is \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: check the device's clock\."
)
IN_THE_FUTURE = re.compile(rf"This time is in the future\. {CHECK_THE_CLOCK}")
BEFORE_CREATION = re.compile(
    rf"This time is before the order was created \(\S+Z\)\. Give a later time\. {CHECK_THE_CLOCK}"
)


def all_rows() -> dict[str, list[dict[str, Any]]]:
    models = apps.get_app_config("customers").get_models()
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }
