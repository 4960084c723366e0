"""Rules about the layout of the product that no linter checks."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for package in ("customers", "events", "smrt_integration")
    for path in (PROJECT / package).rglob("*.py")
    if "migrations" not in path.parts
)
MAX_LINES = 300
"""A module that does not fit holds more than one subject."""

SQL_THAT_WRITES = re.compile(
    r"(INSERT INTO|UPDATE|DELETE FROM|COPY|TRUNCATE)\s+"
    r"(events_outgoing|events_sendlog|events_deliveryattempt|events_dailycount|events_dailydelay)\b"
)
ORM_THAT_WRITES = re.compile(
    r"(?<!class )\b(Outgoing|SendLog|DeliveryAttempt|DailyCount|DailyDelay)"
    r"(\.objects[^\n]*\.(create|bulk_create|update|delete|get_or_create)|)\("
)

# Django finds a management command by the class Command in a module of its own.
CONVENTIONAL_CLASSES = {"Command"}
# Django, DRF and drf-spectacular look for these modules, or their documentation names them so.
CONVENTIONAL_MODULES = {
    "__init__",
    "admin",
    "apps",
    "checks",
    "forms",
    "models",
    "permissions",
    "serializers",
    "signals",
    "tasks",
    "urls",
    "views",
}
# The settings have to use the theme's name for its options, and theme.py defines them.
CONVENTIONAL_CONSTANTS = {"UNFOLD"}
CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
MAX_MODULES_OF_ONE_NAME = 2
"""The same subject may have a module in two layers; with a third, the name says too little."""
ADMIN = "smrt_integration/admin/"
"""Each of its folders has the same few modules, so their names count once."""


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def module_level(path: Path) -> list[ast.stmt]:
    """Return the statements of a module, with those inside of module-level `if` and `try`."""
    statements: list[ast.stmt] = []
    waiting: list[ast.stmt] = list(reversed(ast.parse(path.read_text()).body))
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.If | ast.Try):
            waiting += [*statement.body, *statement.orelse]
        else:
            statements.append(statement)
    return statements


def classes(path: Path) -> Iterator[str]:
    for statement in module_level(path):
        if isinstance(statement, ast.ClassDef):
            yield statement.name


def constants(path: Path) -> Iterator[str]:
    for statement in module_level(path):
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        for node in (node for target in targets for node in ast.walk(target)):
            if isinstance(node, ast.Name) and CONSTANT.fullmatch(node.id):
                yield node.id


def modules_by_name(named: Iterable[tuple[str, Path]]) -> dict[str, set[str]]:
    """Return for each name the modules that use it."""
    modules = defaultdict(set)
    for name, path in named:
        modules[name].add(name_of(path))
    return modules


def test_only_the_outbox_the_send_log_and_resends_write_their_tables() -> None:
    def writes(path: Path) -> bool:
        text = path.read_text()
        return bool(SQL_THAT_WRITES.search(text) or ORM_THAT_WRITES.search(text))

    writers = {name_of(path) for path in SOURCES if writes(path)}

    assert writers == {
        "events/jobs/resend.py",
        "events/outbox/held.py",
        "events/outbox/read.py",
        "events/outbox/record.py",
        "events/outbox/record_past.py",
        "events/outbox/settle.py",
        "events/outbox/take_out.py",
        "events/outbox/unanswered.py",
        "events/send_log/daily_counts.py",
        "events/send_log/write.py",
    }


def test_every_module_is_short() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES}

    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_class_name_is_defined_once() -> None:
    defined = modules_by_name((name, path) for path in SOURCES for name in classes(path))

    assert {
        name: modules
        for name, modules in defined.items()
        if len(modules) > 1 and name not in CONVENTIONAL_CLASSES
    } == {}


def test_no_more_than_two_modules_have_the_same_name() -> None:
    named = modules_by_name((path.stem, path) for path in SOURCES)

    def places(modules: set[str]) -> set[str]:
        return {ADMIN if module.startswith(ADMIN) else module for module in modules}

    assert {
        name: modules
        for name, modules in named.items()
        if len(places(modules)) > MAX_MODULES_OF_ONE_NAME and name not in CONVENTIONAL_MODULES
    } == {}


def test_every_constant_is_defined_in_one_module() -> None:
    defined = modules_by_name((name, path) for path in SOURCES for name in constants(path))

    assert {
        name: modules
        for name, modules in defined.items()
        if len(modules) > 1 and name not in CONVENTIONAL_CONSTANTS
    } == {}
