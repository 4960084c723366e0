"""Template tags and filters for the pages that owners read."""

from datetime import date, datetime

from django import template

import smrt_integration
from customers.business_clock import UTC_CLOCK
from customers.clock_in_use import clock_in_use, on_page
from customers.models import Business

register = template.Library()


@register.simple_tag
def version() -> str:
    return smrt_integration.__version__


@register.simple_tag
def time_zone() -> str:
    """Return the time zone of the page; empty when each time on it names its own."""
    clock = clock_in_use()
    return clock.time_zone if clock else ""


@register.filter
def page_moment(moment: datetime) -> str:
    """Nov 25, 2026, 2:26 PM, on the page's clock."""
    return on_page(clock_in_use() or UTC_CLOCK).moment(moment)


@register.filter
def short_day(day: date, business: Business) -> str:
    """Nov 25, as the business's country writes it."""
    return business.clock.short_day(day)


@register.filter
def possessive(name: object) -> str:
    """Golden Gate Cleaners -> Golden Gate Cleaners'; Kim -> Kim's."""
    text = str(name)
    return f"{text}'" if text.endswith(("s", "S")) else f"{text}'s"
