"""Template filters of the customer pages."""

from datetime import date, datetime
from decimal import Decimal

from django import template

from customers.account.error_messages import full_date
from customers.models import Business, LineItem
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


@register.filter("full_date")
def full_date_text(day: date, business: Business) -> str:
    """Write a day, or the day of a moment on the business's clock."""
    clock = business.clock
    return full_date(clock.day_of(day) if isinstance(day, datetime) else day, clock)


register.filter("phone", format_phone)
