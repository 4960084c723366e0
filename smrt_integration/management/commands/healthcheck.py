from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from smrt_integration.health.heartbeats import ALIVE_SECONDS, host_name, seconds_since_seen
from smrt_integration.health.models import Heartbeat

# A web server is asked over HTTP: /readyz.
PROGRAMS: Final = (Heartbeat.Program.WORKER.value, Heartbeat.Program.BEAT.value)


class Command(BaseCommand):
    help = "Ends with an error unless a worker, or beat, was seen lately on this host."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", choices=PROGRAMS)

    def handle(self, *args: Any, **options: Any) -> None:
        program = Heartbeat.Program(options["program"])
        try:
            with connection.cursor() as cursor:
                seconds = seconds_since_seen(cursor, host_name()).get(program)
        except Error:
            raise CommandError("The database does not answer.") from None
        if seconds is None:
            raise CommandError(f"{program.label} has not been seen on this host.")
        sentence = f"{program.label} was last seen on this host {seconds:.0f} seconds ago."
        if seconds >= ALIVE_SECONDS:
            raise CommandError(sentence)
        self.stdout.write(sentence)
