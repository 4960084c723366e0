import argparse
import math
import signal
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import CommandParser

from devtools.demo import simulation, stand_ins
from devtools.demo.remote_business import DemoServers
from devtools.management.demo_command import DemoCommand


class Command(DemoCommand):
    help = (
        "Simulate the staff, drivers and customers of the demo businesses until Ctrl-C. "
        "Runs only with DEBUG=1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--actions", type=_count, help="number of actions (default: no limit)")
        parser.add_argument(
            "--pace",
            type=_pace,
            help="actions per second (default: many for a minute, then fewer)",
        )
        parser.add_argument(
            "--web",
            default=settings.PUBLIC_URL,
            help="address of the web server (default: PUBLIC_URL)",
        )
        parser.add_argument(
            "--seed",
            type=int,
            help="seed of the random decisions; they also depend on the records",
        )

    def run_demo(self, **options: Any) -> None:
        before = signal.signal(signal.SIGTERM, _interrupt)
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


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is not a number of actions")
    return int(text)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = math.nan
    if not 0 < pace < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of actions per second above 0")
    return pace
