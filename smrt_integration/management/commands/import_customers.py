import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from django.core.management.base import BaseCommand, CommandError

from customers.budget import Budget
from customers.errors import ActionRefused
from customers.models import Business
from smrt_integration.imports.control import RUNS
from smrt_integration.imports.create_import import create_and_start
from smrt_integration.imports.models import CustomerImport, ImportLine
from smrt_integration.imports.results import in_words, preview_lines, refused_lines_csv
from smrt_integration.imports.run_imports import run_imports

NDJSON_NAMES: Final = (".ndjson", ".jsonl", ".json")
PROGRESS_SECONDS: Final = 2.0
LINES_PRINTED: Final = 20


class Command(BaseCommand):
    help = (
        "Import customers from a file of CSV or NDJSON (one JSON object a line). It records no "
        "events. A customer whose external ID is there already is changed. After Ctrl-C, workers "
        "go on with the import."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "business", type=int, help="the business's id, as in the address of its pages"
        )
        parser.add_argument("file", type=Path, help="CSV, or NDJSON if its name ends in .ndjson")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would happen to each line, and change nothing",
        )
        parser.add_argument(
            "--columns",
            nargs="+",
            default=(),
            metavar="HEADING=FIELD",
            help="the field of each heading, as in 'Kundennr.=external_id'. Other headings are "
            "not read. Without it, headings are recognized.",
        )
        parser.add_argument("--refused", type=Path, help="write the refused lines into this file")

    def handle(
        self,
        *args: Any,
        business: int,
        file: Path,
        dry_run: bool,
        columns: Sequence[str],
        refused: Path | None,
        **options: Any,
    ) -> None:
        owner = Business.objects.filter(pk=business).first()
        if owner is None:
            raise CommandError(f"There is no business {business}.")
        try:
            with file.open("rb") as content:
                started = self._start(owner, content, file, dry_run, columns)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        self._run(started)
        if dry_run:
            self._print(started)
        else:
            self._print(started, ImportLine.Outcome.REFUSED)
        if refused is not None and started.refused:
            # newline: the lines have their own.
            with refused.open("w", encoding="utf-8", newline="") as target:
                target.writelines(refused_lines_csv(started))
        self.stdout.write(in_words(started))
        if started.state == CustomerImport.State.FAILED:
            raise CommandError(started.failure)

    def _start(
        self,
        business: Business,
        content: IO[bytes],
        file: Path,
        dry_run: bool,
        columns: Sequence[str],
    ) -> CustomerImport:
        is_ndjson = file.suffix.lower() in NDJSON_NAMES
        kind = CustomerImport.Kind.NDJSON if is_ndjson else CustomerImport.Kind.CSV
        assigned = dict(_pair(each) for each in columns) or None
        try:
            return create_and_start(business, content, file.name, kind, None, dry_run, assigned)
        except ActionRefused as error:
            raise CommandError(error.message) from error

    def _run(self, started: CustomerImport) -> None:
        """Run the import, or watch it while a worker does."""
        while started.state in RUNS:
            before = time.monotonic()
            if not run_imports(Budget(PROGRESS_SECONDS)):
                # A worker runs it, or saves hold what it needs.
                time.sleep(max(0.0, before + PROGRESS_SECONDS - time.monotonic()))
            started.refresh_from_db()
            if started.state in RUNS:
                self.stdout.write(in_words(started))

    def _print(self, started: CustomerImport, outcome: str = "") -> None:
        """Print what happened to lines, some refused ones or, of a dry run, all."""
        after = 0
        while lines := preview_lines(started, after, outcome, most=LINES_PRINTED):
            for line in lines:
                parts = (line.get_outcome_display(), line.reason, line.duplicate_of)
                self.stdout.write(f"Line {line.number}: {'. '.join(filter(None, parts))}")
            after = lines[-1].number
            if outcome:
                break


def _pair(text: str) -> tuple[str, str]:
    heading, sign, field = text.rpartition("=")
    if not sign:
        raise CommandError(f"{text}: write HEADING=FIELD, as in 'Customer no.=external_id'.")
    return heading, field
