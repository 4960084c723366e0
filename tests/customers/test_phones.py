"""Phone numbers are read in many formats, stored in one and shown in the country's own."""

import pytest

from customers.phones import ImpossibleNumber, format_phone, mobile_by_plan, normalise_phone


@pytest.mark.parametrize(
    ("entered", "country", "e164"),
    [
        ("(415) 601-5610", "US", "+14156015610"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+1 (415) 601 5610 ext. 12", None, "+14156015610"),
        ("0041 44 668 18 00", "DE", "+41446681800"),
        ("\u00a0415\u2011601\u20115610\u00a0", "US", "+14156015610"),
    ],
)
def test_a_number_is_read_in_any_usual_format(entered: str, country: str | None, e164: str) -> None:
    assert normalise_phone(entered, country) == e164


@pytest.mark.parametrize(
    ("entered", "country"),
    [
        ("601 5610", "US"),
        ("415 601 5610", None),
        ("+1415601561", None),
        ("hello", "US"),
        ("9" * 40, "US"),
        ("+", None),
    ],
)
def test_an_impossible_number_is_refused_by_name(entered: str, country: str | None) -> None:
    with pytest.raises(ImpossibleNumber) as caught:
        normalise_phone(entered, country)
    assert str(caught.value).startswith(f"{entered} is not a ")


def test_a_normalised_number_stays_the_same() -> None:
    assert normalise_phone(normalise_phone("07700 900123", "GB"), None) == "+447700900123"


@pytest.mark.parametrize(
    ("stored", "formatted"),
    [("", ""), ("not a number", "not a number"), ("+14156015610", "(415) 601 5610")],
)
def test_a_stored_value_that_is_no_number_is_shown_unchanged(stored: str, formatted: str) -> None:
    assert format_phone(stored) == formatted


@pytest.mark.parametrize(
    ("e164", "mobile"),
    [
        ("+14156015610", None),
        ("+447400123456", True),
        ("+442079460000", False),
        ("+4915112345678", True),
        ("+18005550123", False),
        ("", None),
    ],
)
def test_the_numbering_plan_says_whether_a_number_is_mobile_if_it_can(
    e164: str, mobile: bool | None
) -> None:
    assert mobile_by_plan(e164) is mobile
