"""The base of the demo's commands."""

from abc import ABC, abstractmethod
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class DemoCommand(BaseCommand, ABC):
    """A command that refuses to run in production or against the real Segment.

    The settings add this app only with DEBUG. The check of DEBUG is the second safeguard: the
    commands create logins and print their passwords.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo runs only with DEBUG=1: it creates made-up customers, "
                "and logins whose passwords it prints."
            )
        if not settings.SEGMENT_HOST:
            raise CommandError(
                "SEGMENT_HOST is not set, so the demo would send events to the real Segment. "
                "`make run` sets it."
            )
        self.run_demo(**options)

    @abstractmethod
    def run_demo(self, **options: Any) -> None: ...
