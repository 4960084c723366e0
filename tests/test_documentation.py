"""The tables of the documentation agree with the code.

What the documentation names exists: links, their anchors, commands, files, modules.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from django.core.management import get_commands
from django.core.signals import request_finished

from bench.parts import PARTS
from customers.traits import Traits
from events.catalogue import EVENTS
from events.definitions.definition import properties_of, properties_type
from smrt_integration import timeouts
from smrt_integration.health.heartbeats import write_from_web
from smrt_integration.imports.check_line import PARSERS
from smrt_integration.imports.fields import CUSTOM, FIELDS
from smrt_integration.imports.models import ImportLine

PROJECT = Path(__file__).resolve().parent.parent
# The file that has each table. When a table moves, only these lines change.
EVENTS_DOCUMENT = PROJECT / "docs" / "contract.md"
TRAITS_DOCUMENT = PROJECT / "docs" / "contract.md"
IMPORTS_DOCUMENT = PROJECT / "docs" / "importing-customers.md"
SETTINGS_DOCUMENT = PROJECT / "docs" / "operating.md"
GUNICORN_CONFIGURATION = PROJECT / "gunicorn.conf.py"
LOG_EVENTS_DOCUMENT = PROJECT / "docs" / "operating.md"
# What is named in a document is checked in all of them.
DOCUMENTS = sorted(
    [
        *PROJECT.glob("*.md"),
        *(PROJECT / "docs").rglob("*.md"),
        *(path for folder in ("bench", "chaos") for path in (PROJECT / folder).glob("*.md")),
    ]
)
PRODUCT = ("customers", "events", "smrt_integration")

ORDER_PROPERTIES = "the order properties"
"""In the table, this text means the properties that the paragraph above it lists."""
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
    listed = EVENTS_DOCUMENT.read_text().split("\nThe order properties:", 1)[1]
    order_properties = quoted(listed.split("\n\n", 1)[0])
    documented = [
        (
            quoted(name)[0],
            when,
            (order_properties if ORDER_PROPERTIES in properties else []) + quoted(properties),
        )
        for name, when, properties in table(EVENTS_DOCUMENT, "Events")
    ]
    assert documented == [
        (event.name, event.sent_when, list(properties_of(event))) for event in EVENTS
    ]


def test_the_properties_table_agrees_with_the_definitions_and_their_types() -> None:
    documented: list[tuple[str, str]] = []
    for names, types, _ in table(EVENTS_DOCUMENT, "What the properties mean"):
        properties, kinds = quoted(names), types.split(", ")
        # One type is that of all properties of the row.
        kinds = kinds * len(properties) if len(kinds) == 1 else kinds
        documented += zip(properties, kinds, strict=True)
    defined = {
        (name, type_name(kind))
        for event in EVENTS
        for name, kind in get_type_hints(properties_type(event)).items()
    }
    assert sorted(documented) == sorted(defined)


def test_the_traits_table_agrees_with_the_traits_and_their_types() -> None:
    documented = [(quoted(name)[0], kind) for name, kind, _ in table(TRAITS_DOCUMENT, "Traits")]
    assert documented == [(name, type_name(kind)) for name, kind in get_type_hints(Traits).items()]


def test_the_columns_of_an_import_agree_with_the_code() -> None:
    documented = [(quoted(name)[0], text) for name, text in table(IMPORTS_DOCUMENT, "Columns")]
    assert documented[-1][0] == CUSTOM
    assert documented[:-1] == [(field.name, field.help) for field in FIELDS]
    assert {field.name for field in FIELDS} == PARSERS.keys()


def test_the_outcomes_of_lines_agree_with_the_code() -> None:
    documented = [name for name, _ in table(IMPORTS_DOCUMENT, "What happens to each line")]
    assert documented == ImportLine.Outcome.labels


def type_name(kind: Any) -> str:
    if NoneType in get_args(kind):
        return type_name(next(arm for arm in get_args(kind) if arm is not NoneType)) + " or null"
    return "list" if get_origin(kind) is list else TYPE_NAMES.get(kind, "object")


def settings_in_code() -> set[str]:
    """Return the first argument of every call of the module `environment` in the settings.

    And what gunicorn's configuration reads.
    """
    tree = ast.parse((PROJECT / "smrt_integration" / "settings.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("environment.")
    ]
    of_gunicorn = re.findall(r'os\.environ\.get\("(\w+)"', GUNICORN_CONFIGURATION.read_text())
    return set(of_gunicorn) | {
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


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings, as the usual forges make them."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("document", "target"), in_documents(r"\]\(([^):]*#[^)]+)\)"))
def test_every_anchor_of_a_link_is_a_heading(document: Path, target: str) -> None:
    path, anchor = target.split("#")
    assert anchor in anchors(document.parent / path if path else document)


@pytest.mark.parametrize(("document", "command"), in_documents(r"`make ([a-z]+)"))
def test_every_make_command_exists(document: Path, command: str) -> None:
    assert re.search(rf"^{command}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("document", "command"), in_documents(r"manage\.py ([a-z_]+)"))
def test_every_management_command_exists(document: Path, command: str) -> None:
    assert command in get_commands()


@pytest.mark.parametrize(("document", "path"), in_documents(r"`([\w.]+(?:/[\w.]+)+/?)`"))
def test_every_named_file_exists(document: Path, path: str) -> None:
    assert (PROJECT / path).exists()


MODULE = rf"(?<![\w/.-])((?:{'|'.join([*PRODUCT, 'devtools', 'delivery'])})(?:\.(?!py\b)[a-z_]+)+)"


@pytest.fixture
def _no_web_server() -> Iterator[None]:
    """Undo what the import of the web server's module does to this process."""
    yield
    timeouts.use_in_process(timeouts.UNLIMITED)
    request_finished.disconnect(write_from_web)


@pytest.mark.usefixtures("_no_web_server")
@pytest.mark.parametrize(("document", "name"), in_documents(MODULE))
def test_every_named_module_exists(document: Path, name: str) -> None:
    full = f"smrt_integration.{name}" if name.startswith("delivery.") else name
    try:
        import_module(full)
    except ModuleNotFoundError:
        package, _, attribute = full.rpartition(".")
        assert hasattr(import_module(package), attribute)


def serious_log_events() -> set[str]:
    """Return the log events of the product at the level WARNING or higher."""
    texts = [file.read_text() for part in PRODUCT for file in (PROJECT / part).rglob("*.py")]
    return {
        node.args[0].value
        for text in texts
        if "structlog" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"log.warning", "log.error", "log.exception"}
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_the_table_of_log_events_agrees_with_the_code() -> None:
    rows = table(LOG_EVENTS_DOCUMENT, "Log events")
    documented = [name for names, _ in rows for name in quoted(names)]
    assert sorted(documented) == sorted(serious_log_events())


def test_every_figure_of_the_benchmark_has_a_sentence() -> None:
    documented = [quoted(row[0])[0] for row in table(PROJECT / "bench" / "README.md", "Figures")]
    printed = {figure for part in PARTS for figure in part.figures}
    assert set(documented) <= printed
    assert printed - set(documented) <= {"sdk_queue_lost_when_killed", "record_lookups"}
