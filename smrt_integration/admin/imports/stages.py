"""How far an import is, in an owner's words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from events.time_in_words import counted
from smrt_integration.imports.models import CustomerImport

State = CustomerImport.State


@dataclass(frozen=True, slots=True)
class Stage:
    """A word for lists, a sentence for the import's own page, and the buttons that it has.

    `buttons` are values of the form's field `do`, each with its label. The first is the next step.
    """

    word: str
    sentence: str
    buttons: Mapping[str, str]
    is_moving: bool = False
    """Whether the page changes by itself."""


PAUSE_BUTTON: Final = {"pause": "Pause"}
RESUME_BUTTON: Final = {"resume": "Resume"}
CANCEL_BUTTON: Final = {"cancel": "Cancel"}
IMPORT_BUTTON: Final = {"import": "Import these customers"}


def stage_of(customer_import: CustomerImport) -> Stage:
    if customer_import.state in {State.WAITING, State.RUNNING}:
        return _moving(customer_import)
    if customer_import.state == State.FINISHED:
        return _finished(customer_import)
    if customer_import.state == State.COLUMNS:
        return Stage(
            "Not begun",
            "Say what each column means. Nothing is imported yet.",
            {"check": "Check the file", **CANCEL_BUTTON},
        )
    if customer_import.state == State.PAUSED:
        return Stage(
            "Paused", f"Paused after {_lines(customer_import)}.", {**RESUME_BUTTON, **CANCEL_BUTTON}
        )
    if customer_import.state == State.CANCELED:
        stays = "" if customer_import.is_dry_run else " What was imported stays."
        return Stage("Canceled", f"Canceled after {_lines(customer_import)}.{stays}", {})
    return Stage(
        "Failed",
        f"{customer_import.failure} It ended after {_lines(customer_import)}. Resume it. If it "
        "fails again, tell support.",
        {**RESUME_BUTTON, **CANCEL_BUTTON},
    )


def _moving(customer_import: CustomerImport) -> Stage:
    what = "check" if customer_import.is_dry_run else "import"
    if not customer_import.lines:
        sentence = f"The {what} begins within seconds."
    else:
        done = "checked" if customer_import.is_dry_run else "imported"
        sentence = f"{_lines(customer_import)} {_are(customer_import.lines)} {done} so far."
    return Stage(
        f"{what.capitalize()} in progress",
        sentence,
        {**PAUSE_BUTTON, **CANCEL_BUTTON},
        is_moving=True,
    )


def _finished(customer_import: CustomerImport) -> Stage:
    lines = _lines(customer_import)
    if not customer_import.is_dry_run:
        return Stage("Imported", f"The import is complete: {lines}.", {})
    if customer_import.created or customer_import.updated:
        return Stage("Checked", f"We checked {lines}. Nothing is imported yet.", IMPORT_BUTTON)
    return Stage("Checked", f"We checked {lines}. There is nothing to import.", {})


def _lines(customer_import: CustomerImport) -> str:
    count = customer_import.lines
    return counted(count, "line").replace(str(count), f"{count:,}", 1)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
