"""Numbers as tills and people write them. Pure."""

from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.money import CENT, exact_amount, exact_decimals
from customers.numbers import FAR_TOO_LARGE, NotExact, in_words, read_number, shortest, to_unit

CENTS = st.integers(-(10**12) + 1, 10**12 - 1)


@given(CENTS)
def test_the_float_of_an_amount_is_that_amount(cents: int) -> None:
    amount = Decimal(cents) / 100
    assert exact_amount(read_number(float(amount)), "USD", "price") == amount


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_the_sum_of_floats_is_the_sum(cents: list[int]) -> None:
    total = sum(part / 100 for part in cents)
    assert exact_amount(read_number(total), "USD", "price") == Decimal(sum(cents)) / 100


@given(CENTS, st.integers(2, 98))
def test_a_part_of_a_cent_is_refused(cents: int, percent: int) -> None:
    number = Decimal(cents) / 100 + Decimal(percent) / 10_000
    with pytest.raises(NotExact):
        to_unit(number, CENT)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-999, max_value=999))
def test_notation_makes_no_difference(number: Decimal) -> None:
    texts = [f"{number:f}", f"{number:e}", f"{number:f}000", f" {number:f} "]
    assert {read_number(text) for text in texts} == {number}
    assert str(read_number("-0.0")) == "0"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_is_read_has_ascii_digits_only(text: str) -> None:
    try:
        number = read_number(text)
    except ValueError:
        return
    assert text.strip().isascii()
    assert "_" not in text
    assert number.is_finite()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1e400000000", FAR_TOO_LARGE),
        ("-1e999999999999999", -FAR_TOO_LARGE),
        (10**4_000, FAR_TOO_LARGE),
        ("1e-999999999999999", 0),
        ("0e999999999999999", 0),
    ],
)
def test_a_huge_exponent_takes_no_time(written: str | int, number: Decimal) -> None:
    began = process_time()
    assert read_number(written) == number
    assert process_time() - began < 0.1


def test_sentences_and_short_forms() -> None:
    with pytest.raises(ValueError, match=r"at most 4 decimals: round 8\.62555"):
        exact_decimals(Decimal("8.62555"), 4, "tax rate")
    with pytest.raises(ValueError, match=r"The bags may have no decimals: round 2\.5"):
        exact_decimals(Decimal("2.5"), 0, "bags")
    assert [in_words(Decimal(text)) for text in ("18.990", "1E+3", "-0.5")] == [
        "18.99",
        "1000",
        "-0.5",
    ]
    assert [repr(shortest(Decimal(text))) for text in ("2.000", "12.400", "1E+2")] == [
        "2",
        "Decimal('12.4')",
        "100",
    ]
