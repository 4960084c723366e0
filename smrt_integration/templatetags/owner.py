"""Template tags and filters for the pages that owners read."""

from django import template

import smrt_integration

register = template.Library()


@register.simple_tag
def version() -> str:
    return smrt_integration.__version__


@register.filter
def possessive(name: object) -> str:
    """Golden Gate Cleaners -> Golden Gate Cleaners'; Kim -> Kim's."""
    text = str(name)
    return f"{text}'" if text.endswith(("s", "S")) else f"{text}'s"
