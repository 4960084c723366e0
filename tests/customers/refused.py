"""Assert that an action is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps

from customers.errors import ActionRefused


@contextmanager
def refused(message: str, code: str, field: str | None = None) -> Iterator[None]:
    """Assert that the block raises this ActionRefused and changes no record."""
    before = all_rows()
    with pytest.raises(ActionRefused) as caught:
        yield
    assert (caught.value.message, caught.value.code, caught.value.field) == (message, code, field)
    assert all_rows() == before


def all_rows() -> dict[str, list[dict[str, Any]]]:
    models = apps.get_app_config("customers").get_models()
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }
