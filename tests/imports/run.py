"""Import a file in a test, as a worker does, and read what became of its lines."""

from io import BytesIO
from typing import Any

from customers.models import Business
from smrt_integration.imports.create_import import create_and_start
from smrt_integration.imports.models import CustomerImport, ImportLine
from smrt_integration.imports.run_imports import run_imports


def import_file(
    business: Business,
    content: bytes | str,
    kind: str = "csv",
    *,
    dry_run: bool = False,
    columns: dict[str, str] | None = None,
) -> CustomerImport:
    """Import the file to its end. Returns the import as it is stored then."""
    started = start_file(business, content, kind, dry_run=dry_run, columns=columns)
    run_imports()
    started.refresh_from_db()
    return started


def start_file(
    business: Business,
    content: bytes | str,
    kind: str = "csv",
    *,
    dry_run: bool = False,
    columns: dict[str, str] | None = None,
) -> CustomerImport:
    data = content.encode() if isinstance(content, str) else content
    return create_and_start(business, BytesIO(data), "old.csv", kind, None, dry_run, columns)


def figures(customer_import: CustomerImport) -> dict[str, Any]:
    """Return the import's state and the figures that are not 0."""
    names = ("lines", "created", "updated", "unchanged", "refused", "postponed")
    counted = {name: getattr(customer_import, name) for name in (*names, "probable_duplicates")}
    return {"state": str(customer_import.state)} | {
        name: count for name, count in counted.items() if count
    }


def outcomes(customer_import: CustomerImport) -> list[tuple[int, str, str]]:
    """Return each line's number, outcome and reason."""
    lines = ImportLine.objects.filter(customer_import=customer_import).order_by("number")
    return [(line.number, line.outcome, line.reason) for line in lines]
