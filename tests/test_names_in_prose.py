"""Every module, name and file that the documentation, a docstring or a comment mentions exists."""

import re
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("bench", "chaos", "customers", "devtools", "events", "smrt_integration", "tests")
FOLDERS = (*PACKAGES, "docs", "requirements", ".github")
FILES = sorted(
    path
    for path in [*PROJECT.iterdir(), *(p for f in FOLDERS for p in (PROJECT / f).rglob("*"))]
    if path.is_file() and "__pycache__" not in path.parts
)
PATHS = [f"/{path.relative_to(PROJECT)}" for path in FILES]
WITH_PROSE = [
    path for path in FILES if path.suffix in {".md", ".py"} and "migrations" not in path.parts
]
DOCSTRING_OR_COMMENT = re.compile(r'^ *""".*?"""|(?:^|(?<= ))# .*?$', re.DOTALL | re.MULTILINE)
# A module, or something in one: events.outbox.record, events.outbox.record.record.
DOTTED_NAME = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
FILE_NAME = re.compile(
    r"(?<![\w./{<*-])(?:[\w-]+/)*[\w-]+\.(?:css|html|js|json|md|py|sh|sql|toml|yml)\b"
)


def prose(path: Path) -> str:
    """Return a document, or the docstrings and comments of a module."""
    text = path.read_text()
    return text if path.suffix == ".md" else "\n".join(DOCSTRING_OR_COMMENT.findall(text))


@cache
def is_known(name: str) -> bool:
    """Return whether a dotted name is a module, or its module has the rest of the name."""
    package, *parts = name.split(".")
    place = PROJECT / package
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if parts and (place / f"{parts[0]}.py").is_file():
        return has_words(place / f"{parts.pop(0)}.py", parts)
    if parts and parts[0][0].isupper() and place == PROJECT / package:
        return is_model_label(package, parts[0])
    return not parts or has_words(place / "__init__.py", parts)


def is_model_label(package: str, name: str) -> bool:
    """Return whether a module of the package defines the model of a label: customers.Order."""
    models = (PROJECT / package).rglob("*.py")
    return any(re.search(rf"^class {name}\b", path.read_text(), re.MULTILINE) for path in models)


def has_words(module: Path, words: list[str]) -> bool:
    text = module.read_text() if module.is_file() else ""
    return all(re.search(rf"\b{word}\b", text) for word in words)


@cache
def is_file(name: str) -> bool:
    return any(path.endswith(f"/{name}") for path in PATHS)


def test_names_and_files_that_prose_mentions_exist() -> None:
    unknown: dict[str, list[str]] = {}
    for path in WITH_PROSE:
        text = prose(path)
        files = set(FILE_NAME.findall(text))
        names = set(DOTTED_NAME.findall(text)) - files
        wrong = [name for name in names if not is_known(name)]
        wrong += [name for name in files if not is_file(name)]
        if wrong:
            unknown[str(path.relative_to(PROJECT))] = sorted(wrong)
    assert unknown == {}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("events.outbox.record", True),
        ("events.outbox.record.LOOKUP_QUERIES", True),
        ("customers.models.Order", True),
        ("customers.Order", True),
        ("events.outbox", True),
        ("events.triggers", False),
        ("events.outbox.record.LOOKUPS", False),
        ("events.timeline.read_context", False),
        ("customers.Orders", False),
    ],
)
def test_a_name_that_was_changed_is_found(name: str, known: bool) -> None:
    assert is_known(name) is known
