"""The tables of the documentation agree with the code; its links and commands exist."""

import ast
import re
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from bench.parts import PARTS
from customers.traits import Traits
from events.catalogue import EVENTS

PROJECT = Path(__file__).resolve().parent.parent
# The file that has each table. When a table moves, only these lines change.
EVENTS_DOCUMENT = PROJECT / "docs" / "contract.md"
TRAITS_DOCUMENT = PROJECT / "docs" / "contract.md"
SETTINGS_DOCUMENT = PROJECT / "docs" / "operating.md"
# Links and commands are checked in all documents.
DOCUMENTS = sorted(
    [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "bench").glob("*.md")]
)

ORDER_PROPERTIES = "the order properties"
"""In the table, this text means the properties that a line above it lists."""
TYPE_NAMES: dict[Any, str] = {str: "text", bool: "true or false", int: "number", float: "number"}


def table(document: Path, heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, without the row of column names."""
    section = re.split(
        r"^##+ ", document.read_text().split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE
    )[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def quoted(text: str) -> list[str]:
    """Return what is in backticks."""
    return re.findall(r"`([^`]+)`", text)


def test_the_events_table_agrees_with_the_catalogue() -> None:
    lines = EVENTS_DOCUMENT.read_text().splitlines()
    order_properties = quoted(
        next(line for line in lines if line.startswith("The order properties:"))
    )
    documented = [
        (
            quoted(name)[0],
            when,
            (order_properties if ORDER_PROPERTIES in properties else []) + quoted(properties),
        )
        for name, when, properties in table(EVENTS_DOCUMENT, "Events")
    ]
    assert documented == [
        (
            event.name,
            event.sent_when,
            list(get_type_hints(get_type_hints(event.properties)["return"])),
        )
        for event in EVENTS
    ]


def test_the_traits_table_agrees_with_the_traits_and_their_types() -> None:
    documented = [(quoted(name)[0], kind) for name, kind, _ in table(TRAITS_DOCUMENT, "Traits")]
    assert documented == [(name, type_name(kind)) for name, kind in get_type_hints(Traits).items()]


def type_name(kind: Any) -> str:
    if NoneType in get_args(kind):
        return type_name(next(arm for arm in get_args(kind) if arm is not NoneType)) + " or null"
    return "list" if get_origin(kind) is list else TYPE_NAMES.get(kind, "object")


def settings_in_code() -> set[str]:
    """Return the first argument of every call of the module `environment` in the settings."""
    tree = ast.parse((PROJECT / "smrt_integration" / "settings.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("environment.")
    ]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def test_the_settings_table_agrees_with_the_settings_that_the_code_reads() -> None:
    documented = [quoted(name)[0] for name, *_ in table(SETTINGS_DOCUMENT, "Settings")]
    assert sorted(documented) == sorted(settings_in_code())


def test_docker_compose_sets_all_required_settings_and_no_unknown_one() -> None:
    shared = (
        (PROJECT / "docker-compose.yml")
        .read_text()
        .split("environment: &environment\n", 1)[1]
        .split("  depends_on:", 1)[0]
    )
    in_compose = set(re.findall(r"^    ([A-Z_]+):", shared, re.MULTILINE))
    required = {
        quoted(name)[0]
        for name, is_required, _ in table(SETTINGS_DOCUMENT, "Settings")
        if is_required == "yes"
    }
    assert required <= in_compose <= settings_in_code()


def in_documents(pattern: str) -> list[Any]:
    """Return a test parameter for each match: the document and the matched text."""
    return [
        pytest.param(document, match, id=f"{document.relative_to(PROJECT)} {match}")
        for document in DOCUMENTS
        for match in sorted(set(re.findall(pattern, document.read_text())))
    ]


@pytest.mark.parametrize(("document", "target"), in_documents(r"\]\(([^)#:]+)\)"))
def test_every_link_leads_to_a_file(document: Path, target: str) -> None:
    assert (document.parent / target).exists()


@pytest.mark.parametrize(("document", "command"), in_documents(r"`make ([a-z]+)"))
def test_every_make_command_exists(document: Path, command: str) -> None:
    assert re.search(rf"^{command}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


def test_every_figure_of_the_benchmark_has_a_sentence() -> None:
    documented = [quoted(row[0])[0] for row in table(PROJECT / "bench" / "README.md", "Figures")]
    printed = {figure for part in PARTS for figure in part.figures}
    assert set(documented) <= printed
    assert printed - set(documented) <= {"sdk_queue_lost_when_killed", "record_lookups"}
