"""The reader: the same lines, however often it stops and goes on."""

import csv
import json
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smrt_integration.imports import read_lines
from smrt_integration.imports.read_lines import (
    MAX_LINE_BYTES,
    CsvReader,
    FileLine,
    NdjsonReader,
)

HEADINGS = ["a", "b", "c"]


def csv_reader(content: bytes, position: int = 0, number: int = 1) -> CsvReader:
    return CsvReader(BytesIO(content), "utf-8", position, number, ",", HEADINGS)


def in_pieces(content: bytes, sizes: list[int]) -> list[FileLine]:
    """Read some lines with each of several readers that go on where the one before stopped."""
    lines: list[FileLine] = []
    position, number = 0, 1
    for size in [*sizes, 10**9]:
        reader = csv_reader(content, position, number)
        for _, line in zip(range(size), reader, strict=False):
            lines.append(line)
            position, number = line.next_byte, line.next_number
    return lines


pieces = st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\r", b"\xc3\xa9", b"\xff", b" "])


@given(st.lists(pieces, max_size=60).map(b"".join), st.lists(st.integers(1, 4), max_size=8))
def test_any_file_gives_the_same_lines_in_pieces(content: bytes, sizes: list[int]) -> None:
    whole = list(csv_reader(content))

    assert in_pieces(content, sizes) == whole
    assert (whole[-1].next_byte if whole else 0) == len(content)
    assert (
        b"".join(
            content[start:end]
            for start, end in zip(
                [0, *(line.next_byte for line in whole)],
                [line.next_byte for line in whole],
                strict=False,
            )
        )
        == content
    )


cells = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=12
).map(lambda text: f"x{text}x")


@given(st.lists(st.tuples(cells, cells, cells), max_size=8), st.booleans())
def test_what_a_program_writes_as_csv_is_read_as_it_was(
    rows: list[tuple[str, str, str]], quote_all: bool
) -> None:
    file = StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL).writerows(rows)

    lines = list(csv_reader(file.getvalue().encode()))

    assert [tuple(line.cells.values()) for line in lines] == rows
    assert [line.reason for line in lines] == [""] * len(rows)


@given(st.lists(st.dictionaries(st.sampled_from(HEADINGS), cells, min_size=1), max_size=8))
def test_ndjson_is_read_as_it_was(rows: list[dict[str, str]]) -> None:
    content = "\n".join(map(json.dumps, rows)).encode()

    assert [dict(line.cells) for line in NdjsonReader(BytesIO(content), "utf-8", 0, 1)] == rows


@pytest.mark.parametrize("tail", [b"\n1,2,3\n", b'\n"1","2\n2",3\n'])
def test_reading_goes_on_after_a_line_that_is_too_long(tail: bytes) -> None:
    content = b"x" * (10 * MAX_LINE_BYTES) + tail

    first, second = csv_reader(content)

    assert first.reason == read_lines.TOO_LONG
    assert len(first.raw) == read_lines.MAX_RAW
    assert (second.number, second.cells["a"], second.cells["c"]) == (2, "1", "3")


def test_a_stray_quotation_mark_costs_its_own_line_only() -> None:
    lines = list(csv_reader(b'1,2,3\n2,"5 inch,3\n' + b"3,4,5\n" * 2_000))

    assert [line.reason for line in lines if line.reason] == [read_lines.NEVER_CLOSED]
    assert len(lines) == 2_002


def test_a_formula_is_text() -> None:
    [line] = csv_reader(b'"=""007""",\'+49 89,=1+2\n')

    assert dict(line.cells) == {"a": "007", "b": "+49 89", "c": "=1+2"}
