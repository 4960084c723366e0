"""How far an export is, in an owner's words. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from customers.business_clock import BusinessClock
from events.time_in_words import counted
from smrt_integration.exports.models import EXPORT_RETENTION, Export

LONG_EXPORT_WAIT: Final = timedelta(minutes=1)
"""An export usually begins within seconds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A word for lists, a sentence for the export's own page, and what to do, if anything."""

    word: str
    sentence: str
    to_do: str = ""
    open: bool = False
    ready: bool = False


def progress(export: Export, now: datetime, clock: BusinessClock) -> Progress:
    if export.failed_at:
        return Progress(
            "Failed",
            "Your export could not be made.",
            "Export again from the send log. If that fails too, tell support.",
        )
    if export.finished_at:
        return _finished(export, export.finished_at, now, clock)
    if export.attempts > 1:
        return Progress(
            "Interrupted",
            "Your export was interrupted. It goes on by itself within a minute. "
            f"{_written(export)}",
            open=True,
        )
    if export.attempted_at:
        return Progress("Being made", f"Your export is being made. {_written(export)}", open=True)
    if now - export.requested_at > LONG_EXPORT_WAIT:
        return Progress(
            "Waiting",
            f"Your export, asked for {clock.when(export.requested_at, now)}, is waiting. It begins "
            "when the exports before it are ready.",
            "Nothing, unless this takes more than an hour: then tell support.",
            open=True,
        )
    return Progress("Waiting", "Your export begins within seconds.", open=True)


def _finished(
    export: Export, finished_at: datetime, now: datetime, clock: BusinessClock
) -> Progress:
    until = finished_at + EXPORT_RETENTION
    if now >= until:
        return Progress(
            "Deleted",
            "Your export was deleted: we keep each for one day.",
            "Export again from the send log.",
        )
    return Progress(
        "Ready",
        f"Your export is ready: {counted_rows(export.rows)}. "
        f"You can download it until {clock.recent(until, now)}.",
        ready=True,
    )


def until_text(export: Export, now: datetime, clock: BusinessClock) -> str:
    """Return until when the export can be downloaded; empty when it cannot."""
    if export.finished_at and progress(export, now, clock).ready:
        return clock.recent(export.finished_at + EXPORT_RETENTION, now)
    return ""


def _written(export: Export) -> str:
    if export.expected > export.rows:
        return f"{export.rows:,} of about {counted_rows(export.expected)} are written."
    return f"{counted_rows(export.rows)} are written so far." if export.rows else ""


def counted_rows(rows: int) -> str:
    return counted(rows, "row").replace(str(rows), f"{rows:,}", 1)
