"""How the customer's pages show things."""

from decimal import Decimal

from django import template

from customers.account.error_messages import in_words
from customers.money import WITHOUT_CENTS
from customers.phones import displayed

SYMBOLS = {"USD": "$", "CAD": "$", "AUD": "$", "NZD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
"""As the customers of a business write its one currency; other currencies are named by their code."""

register = template.Library()


@register.filter
def money(amount: Decimal, currency: str) -> str:
    digits = f"{amount:,.0f}" if currency in WITHOUT_CENTS else f"{amount:,.2f}"
    return f"{SYMBOLS[currency]}{digits}" if currency in SYMBOLS else f"{digits} {currency}"


register.filter("in_words", in_words)
register.filter("phone", displayed)
