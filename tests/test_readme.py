"""What the README promises is what the code does: its tables are compared with the code they describe."""

import ast
import re
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from customers.traits import Traits
from events.catalogue import EVENTS

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text()
ORDER = "the order properties"
IN_WORDS: dict[Any, str] = {str: "text", bool: "true or false", int: "number", float: "number"}


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, as cells without backticks."""
    section = re.split(
        r"^##+ ", README.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE
    )[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_event_is_described_in_the_words_of_the_catalogue() -> None:
    order = quoted(
        next(line for line in README.splitlines() if line.startswith("The order properties:"))
    )
    told = [
        (quoted(name)[0], when, (order if ORDER in properties else []) + quoted(properties))
        for name, when, properties in table("Events")
    ]
    assert told == [
        (
            event.name,
            event.happens_when,
            list(get_type_hints(get_type_hints(event.properties)["return"])),
        )
        for event in EVENTS
    ]


def test_every_trait_is_described_with_its_type() -> None:
    told = [(quoted(name)[0], kind) for name, kind, _ in table("Traits")]
    assert told == [(name, in_words(kind)) for name, kind in get_type_hints(Traits).items()]


def in_words(kind: Any) -> str:
    if NoneType in get_args(kind):
        return in_words(next(arm for arm in get_args(kind) if arm is not NoneType)) + " or null"
    return "list" if get_origin(kind) is list else IN_WORDS.get(kind, "object")


def read_by_settings() -> set[str]:
    """The first argument of every call of the module `environment`."""
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


def test_every_setting_is_described_and_none_that_does_not_exist() -> None:
    told = [quoted(name)[0] for name, *_ in table("Settings")]
    assert sorted(told) == sorted(read_by_settings())


def test_the_deployment_sets_what_is_needed_and_nothing_that_does_not_exist() -> None:
    shared = (
        (PROJECT / "docker-compose.yml")
        .read_text()
        .split("environment: &environment\n", 1)[1]
        .split("  depends_on:", 1)[0]
    )
    given = set(re.findall(r"^    ([A-Z_]+):", shared, re.MULTILINE))
    needed = {quoted(name)[0] for name, needed, _ in table("Settings") if needed == "yes"}
    assert needed <= given <= read_by_settings()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (PROJECT / target).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`make ([a-z]+)", README))))
def test_every_command_exists(command: str) -> None:
    assert re.search(rf"^{command}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)
