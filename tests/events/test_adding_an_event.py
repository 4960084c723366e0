"""A new event is one block: the walk of `docs/adding-an-event.md`, and each missing part."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from events.definitions import customers
from events.definitions.definition import (
    PARTS,
    SAVED_PARTS,
    SWEPT_PARTS,
    IncompleteDefinition,
    defined_events,
)

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = PROJECT / "docs" / "adding-an-event.md"
COPIED = (
    "bench",
    "chaos",
    "customers",
    "devtools",
    "docs",
    "events",
    "smrt_integration",
    "tests",
)
FILES = ("manage.py", "pyproject.toml")


def code(language: str) -> list[str]:
    """Return the page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


DEFINITION, CONTRACT, SCENARIO = code("python")
EVENT_ROW, PROPERTY_ROW = code("markdown")


def replace_once(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} in {file}"
    file.write_text(text.replace(old, new))


@pytest.fixture
def changed_copy(tmp_path: Path) -> Path:
    """A copy of the project with everything that the page adds."""
    for name in COPIED:
        ignored = shutil.ignore_patterns("__pycache__", "screenshots")
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=ignored)
    for name in FILES:
        shutil.copy(PROJECT / name, tmp_path / name)
    definitions = tmp_path / "events" / "definitions" / "customers.py"
    definitions.write_text(f"{definitions.read_text()}\n\n{DEFINITION}")
    birthday = '    "Customer Birthday": {"birthday": MONTH_AND_DAY},\n'
    replace_once(tmp_path / "tests" / "events" / "contract.py", birthday, birthday + CONTRACT)
    scenarios = tmp_path / "tests" / "events" / "scenarios.py"
    scenarios.write_text(f"{scenarios.read_text()}\n\n{SCENARIO}")
    document = tmp_path / "docs" / "contract.md"
    for last, row in (("Customer Birthday", EVENT_ROW), ("birthday", PROPERTY_ROW)):
        rows = re.findall(rf"^\| `{last}` .*\n", document.read_text(), re.MULTILINE)
        replace_once(document, rows[0], rows[0] + row)
    return tmp_path


def run_tests(project: Path, *arguments: str) -> str:
    """Run tests of a copied project on databases of its own; return what they print."""
    own = {
        "DATABASE_URL": urlsplit(os.environ["DATABASE_URL"])._replace(path="/walk").geturl(),
        "REDIS_URL": urlsplit(os.environ["REDIS_URL"])._replace(path="/9").geturl(),
        "GOLDEN_WRITE": "1",
    }
    own["CELERY_BROKER_URL"] = own["REDIS_URL"]
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    inherited.pop("DJANGO_SETTINGS_MODULE", None)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=project,
        env=inherited | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def golden_messages(project: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (project / "tests" / "golden").iterdir()}


@pytest.mark.slow
def test_the_walk_adds_an_event_that_is_found_everywhere(changed_copy: Path) -> None:
    everywhere, golden = "tests/events/new_event_everywhere.py", "tests/events/test_golden.py"
    documentation = "tests/test_documentation.py"
    tables = [
        f"{documentation}::test_the_events_table_agrees_with_the_catalogue",
        f"{documentation}::test_the_properties_table_agrees_with_the_definitions_and_their_types",
    ]

    assert " passed" in run_tests(changed_copy, everywhere, golden, *tables)

    written = golden_messages(changed_copy)
    assert written.pop("customer-replied-to-text.json")
    assert written == golden_messages(PROJECT)


def without(part: str) -> str:
    """Return the page's definition without one part."""
    value = re.sub(rf"^    {part} = .*\n", "", DEFINITION, flags=re.MULTILINE)
    function = rf"^    @staticmethod\n    def {part}\(.*?(?=^    @staticmethod\n|\Z)"
    shorter = re.sub(function, "", value, flags=re.MULTILINE | re.DOTALL)
    assert shorter != DEFINITION
    return shorter


@pytest.fixture
def define() -> Iterator[Any]:
    """Run a definition as a part of the module. Nothing that fails is added to the catalogue."""
    before = defined_events()

    def run(source: str) -> None:
        exec(source, dict(vars(customers)))

    yield run
    assert defined_events() == before


@pytest.mark.parametrize("part", [*PARTS, *SAVED_PARTS])
def test_a_definition_without_a_part_fails_and_names_the_part(part: str, define: Any) -> None:
    with pytest.raises(IncompleteDefinition) as error:
        define(without(part))
    meaning = {**PARTS, **SAVED_PARTS}[part]
    assert str(error.value) == (
        "The event definition events.definitions.customers.CustomerRepliedToText has no "
        f"`{part}`: say {meaning}."
    )


@pytest.mark.parametrize("part", SWEPT_PARTS)
def test_a_swept_event_without_a_part_fails_and_names_the_part(part: str, define: Any) -> None:
    source = DEFINITION.replace("(SavedEvent)", "(SweptEvent)")
    parts = {
        "sweep": '    sweep = "events.sweeps.replies"\n',
        "upcoming": "    @staticmethod\n    def upcoming(context):\n        return ''\n",
        "sample": "    @staticmethod\n    def sample(context):\n        raise NothingToPreview\n",
    }
    with pytest.raises(IncompleteDefinition, match=rf"has no `{part}`: say {SWEPT_PARTS[part]}\."):
        define(source + "".join(text for name, text in parts.items() if name != part))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"Customer Replied To Text"', '"Order Ready"', "another event is named Order Ready"),
        (") -> Properties:", ") -> dict:", "`properties` must be annotated with the TypedDict"),
        ("receives_texts: bool", "timezone: str", "Mixpanel reserves some of these properties"),
        ("version = 1", "version = 0", "`version` counts from 1"),
        ("replied to a text.", "replied to a text", "`sent_when` and `not_yet` are sentences"),
        ('"customers.Customer"', '"Customer"', '`model` is a label such as "customers.Order"'),
        ("(SavedEvent)", "(EventDefinition)", "is neither a SavedEvent nor a SweptEvent"),
    ],
)
def test_a_wrong_part_fails_and_says_how_to_put_it_right(
    old: str, new: str, problem: str, define: Any
) -> None:
    assert old in DEFINITION
    imported = "from events.definitions.definition import EventDefinition\n"
    with pytest.raises(IncompleteDefinition, match=re.escape(problem)):
        define(imported + DEFINITION.replace(old, new))
