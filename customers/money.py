"""Amounts of money as decimals, rounded to the currency's smallest coin."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from customers.numbers import NotExact, in_words, to_unit

CURRENCY_CODES: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR ISK JMD JPY KES KGS KHR KMF
    KPW KRW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES: Final = frozenset(CURRENCY_CODES.split())
"""ISO 4217 without the currencies of three decimals (BHD, IQD, JOD, KWD, LYD, OMR, TND): amounts
are stored with two."""

CODES_WITHOUT_CENTS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
CURRENCIES_WITHOUT_CENTS: Final = frozenset(CODES_WITHOUT_CENTS.split())

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def round_to_coin(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's smallest coin, as cash registers do."""
    return amount.quantize(coin_of(currency), ROUND_HALF_UP).quantize(CENT)


def coin_of(currency: str) -> Decimal:
    """Return the currency's minor unit."""
    return Decimal(1) if currency in CURRENCIES_WITHOUT_CENTS else CENT


def exact_amount(amount: Decimal, currency: str, name: str) -> Decimal:
    """Return the amount in whole coins of the currency. A float's error is corrected.

    Raises ValueError, with a sentence that calls the amount by `name`.
    """
    coin = coin_of(currency)
    try:
        return to_unit(amount, coin).quantize(CENT)
    except NotExact as error:
        raise ValueError(
            f"The {name} must be a multiple of {coin} {currency}: "
            f"round {in_words(error.number)}, for example to {error.nearest}."
        ) from error


def exact_decimals(number: Decimal, places: int, name: str) -> Decimal:
    """Return the number with this many decimals. A float's error is corrected.

    Raises ValueError, with a sentence that calls the number by `name`.
    """
    try:
        return to_unit(number, Decimal(1).scaleb(-places))
    except NotExact as error:
        decimals = f"at most {places} decimals" if places else "no decimals"
        raise ValueError(
            f"The {name} may have {decimals}: round {in_words(error.number)}, "
            f"for example to {in_words(error.nearest)}."
        ) from error


class Deduction(NamedTuple):
    """A discount of `value` percent, or of `value` in money but never more than the subtotal."""

    value: Decimal
    in_percent: bool

    def amount_off(self, subtotal: Decimal) -> Decimal:
        return subtotal * self.value / HUNDRED if self.in_percent else min(self.value, subtotal)


class Totals(NamedTuple):
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    """The amount that the customer pays, after the discount and with sales tax."""


def totals(
    amounts: Iterable[Decimal], deduction: Deduction | None, tax_rate: Decimal, currency: str
) -> Totals:
    """Return the totals of the amounts. `tax_rate` is in percent and is added to the prices."""
    subtotal = round_to_coin(sum(amounts, Decimal(0)), currency)
    discount = (
        round_to_coin(deduction.amount_off(subtotal), currency) if deduction else Decimal("0.00")
    )
    tax = round_to_coin((subtotal - discount) * tax_rate / HUNDRED, currency)
    return Totals(subtotal, discount, tax, subtotal - discount + tax)
