"""Template filters for the pages that owners read."""

from django import template

register = template.Library()


@register.filter
def possessive(name: object) -> str:
    """Golden Gate Cleaners -> Golden Gate Cleaners'; Kim -> Kim's."""
    text = str(name)
    return f"{text}'" if text.endswith(("s", "S")) else f"{text}'s"
