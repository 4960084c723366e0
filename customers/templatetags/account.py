"""Filters of the customer pages: amounts, days and phone numbers in words."""

from decimal import Decimal

from django import template

from customers.account.error_messages import full_date
from customers.money import CURRENCIES_WITHOUT_CENTS
from customers.phones import format_phone

CURRENCY_SYMBOLS = {
    "USD": "$",
    "CAD": "$",
    "AUD": "$",
    "NZD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
}
"""Symbols that customers know. A business has one currency, so `$` is clear. Other currencies are
shown by their code."""

register = template.Library()


@register.filter("money")
def money_text(amount: Decimal, currency: str) -> str:
    digits = f"{amount:,.0f}" if currency in CURRENCIES_WITHOUT_CENTS else f"{amount:,.2f}"
    return (
        f"{CURRENCY_SYMBOLS[currency]}{digits}"
        if currency in CURRENCY_SYMBOLS
        else f"{digits} {currency}"
    )


register.filter("in_words", full_date)
register.filter("phone", format_phone)
