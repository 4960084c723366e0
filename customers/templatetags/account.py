"""Template filters of the customer pages."""

from decimal import Decimal

from django import template

from customers.account.error_messages import full_date
from customers.models import LineItem
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
"""Other currencies are shown by their code. A business has one currency, so "$" is clear."""

register = template.Library()


@register.filter("money")
def money_text(amount: Decimal, currency: str) -> str:
    digits = f"{amount:,.0f}" if currency in CURRENCIES_WITHOUT_CENTS else f"{amount:,.2f}"
    symbol = CURRENCY_SYMBOLS.get(currency)
    return f"{symbol}{digits}" if symbol else f"{digits} {currency}"


register.filter("charged", LineItem.charged)
register.filter("full_date", full_date)
register.filter("phone", format_phone)
