"""Where the demo may run: on a developer's machine, and never against the real Segment."""

from django.conf import settings
from django.core.management.base import CommandError


def require_development() -> None:
    """Raises CommandError elsewhere."""
    if not settings.DEBUG:
        raise CommandError("The demo makes up customers and a login whose password it prints, so it runs only with DEBUG=1.")
    if not settings.SEGMENT_HOST:
        raise CommandError("SEGMENT_HOST is not set, so the demo's events would go to the real Segment: `make run` sets it.")
