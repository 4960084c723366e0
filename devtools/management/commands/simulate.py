import argparse
import math
import signal
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import CommandParser

from devtools.management.demo_command import DemoCommand


class Command(DemoCommand):
    help = "Act as the staff, drivers and customers of the demo businesses do, until Ctrl-C. Only with DEBUG."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--actions", type=_count, help="how many; without it, until told to stop"
        )
        parser.add_argument(
            "--pace",
            type=_pace,
            help="actions per second; without it, lively for a minute and then calm",
        )
        parser.add_argument(
            "--web",
            default=settings.PUBLIC_URL,
            help="where the web server answers (default: PUBLIC_URL)",
        )
        parser.add_argument(
            "--seed",
            type=int,
            help="the same number means the same decisions, as far as the records are the same",
        )

    def demonstrate(self, **options: Any) -> None:
        from devtools.demo import simulation, stand_ins
        from devtools.demo.remote_business import DemoServers

        before = signal.signal(signal.SIGTERM, _stop)
        try:
            stand_ins.name_businesses(settings.SEGMENT_HOST)
            if settings.TWILIO_HOST:
                stand_ins.remember_texts(settings.TWILIO_HOST)
            servers = DemoServers(options["web"], settings.TWILIO_HOST, self.stdout.write)
            simulation.run(servers, options["seed"], options["pace"], options["actions"])
        except KeyboardInterrupt:
            return
        finally:
            signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: object) -> NoReturn:
    """In the middle of whatever it is."""
    raise KeyboardInterrupt


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no number of actions")
    return int(text)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = math.nan
    if not 0 < pace < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of actions per second above 0")
    return pace
