from abc import ABC, abstractmethod
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class DemoCommand(BaseCommand, ABC):
    """Runs on a developer's machine only, and never against the real Segment.

    What it needs is imported by `demonstrate`, as an image for production holds none of it.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo makes up customers and a login whose password it prints, so it runs only with DEBUG=1."
            )
        if not settings.SEGMENT_HOST:
            raise CommandError(
                "SEGMENT_HOST is not set, so the demo's events would go to the real Segment: `make run` sets it."
            )
        self.demonstrate(**options)

    @abstractmethod
    def demonstrate(self, **options: Any) -> None: ...
