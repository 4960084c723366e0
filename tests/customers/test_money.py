"""Amounts and totals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.money import CURRENCIES, CURRENCIES_WITHOUT_CENTS, Deduction, round_to_coin, totals

prices = st.decimals(min_value=0, max_value=100_000, places=2)
rates = st.decimals(min_value=0, max_value=99, places=4)
deductions = st.none() | st.builds(
    Deduction, st.decimals(min_value=0, max_value=100, places=2), in_percent=st.booleans()
)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "USD", "0.01"),
        ("0.004999", "USD", "0.00"),
        ("2.675", "EUR", "2.68"),
        ("1.5", "JPY", "2.00"),
        ("1.49", "JPY", "1.00"),
        ("123456789.995", "USD", "123456790.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_smallest_coin(
    amount: str, currency: str, expected: str
) -> None:
    assert str(round_to_coin(Decimal(amount), currency)) == expected


@given(st.lists(prices, max_size=20), deductions, rates, st.sampled_from(["USD", "JPY"]))
def test_a_total_adds_up_and_is_never_negative(
    amounts: list[Decimal], deduction: Deduction | None, rate: Decimal, currency: str
) -> None:
    sums = totals(amounts, deduction, rate, currency)
    assert sums.total == sums.subtotal - sums.discount + sums.tax
    assert min(sums) >= 0
    assert sums.discount <= sums.subtotal
    assert all(amount == round_to_coin(amount, currency) for amount in sums)


def test_currencies_are_three_capital_letters() -> None:
    assert {len(code) for code in CURRENCIES} == {3}
    assert CURRENCIES_WITHOUT_CENTS <= CURRENCIES
    assert all(code.isupper() for code in CURRENCIES)
