"""Sentences on pages name a business's time zone: Golden Gate Cleaners' time zone, Kim's."""

import pytest

from smrt_integration.templatetags.owner import possessive


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Golden Gate Cleaners", "Golden Gate Cleaners'"), ("Kim", "Kim's"), ("SUDS", "SUDS'")],
)
def test_the_possessive_of_a_name(name: str, expected: str) -> None:
    assert possessive(name) == expected
