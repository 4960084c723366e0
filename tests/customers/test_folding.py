"""Text without accents and capitals: in Python and in the database."""

import pytest
from django.db import connection

from customers.folding import DROPPED, LETTERS, PAIRS, fold

SAME = (
    ("Núñez", "nunez"),
    ("NUN\u0303EZ", "nunez"),
    ("Straße STRASSE", "strasse strasse"),
    ("Łukasz", "lukasz"),
    ("Ødegaard", "odegaard"),
    ("Ægir Œuvre Þór", "aegir oeuvre thor"),
    ("İI\u0131i", "iiii"),
    ("Müller", "muller"),
    ("Nguyễn Văn Đức", "nguyen van duc"),
    ("ΔΈΛΤΑΣ δέλτα\u03c2", "δελτα\u03c3 δελτα\u03c3"),
    ("ЁЛКИНА Щукина", "елкина щукина"),
    ("O\u2019Neil O'NEIL", "oneil oneil"),
    ("Smith\u2013Jones  Smith-Jones", "smith jones smith jones"),
    ("\u00a0 Ann\u3000 ", "ann"),
    ("\uff21\uff4e\uff4e ﬁ", "ann fi"),
    ("#A-17", "a 17"),
    ("St. John,Ann", "st john ann"),
    ("%_\\", "%_\\"),
    ("が 😀 愛", "か\u3099 😀 愛"),
    ("", ""),
)


def in_database(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_folded(%s)", [text])
        folded: str = cursor.fetchone()[0]
    return folded


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "folded"), SAME)
def test_both_fold_a_text_in_the_same_way(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert in_database(text) == folded


@pytest.mark.django_db
def test_both_fold_every_letter_in_the_same_way() -> None:
    every = [*range(1, 0xD800), *range(0xF900, 0xFFF0), *range(0x1F600, 0x1F650)]
    letters = [f"x{chr(code)}Y" for code in every]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT letter, customers_folded(letter) FROM unnest(%s::text[]) AS x (letter)",
            [letters],
        )
        differ = {letter: folded for letter, folded in cursor.fetchall() if folded != fold(letter)}
    assert not differ


def test_folding_is_idempotent_and_covers_its_tables() -> None:
    for text in (*LETTERS, *PAIRS, *DROPPED):
        assert fold(fold(text)) == fold(text)


@pytest.mark.django_db
def test_an_index_can_hold_it_and_a_query_calls_no_function() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provolatile, proparallel FROM pg_proc WHERE proname = 'customers_folded'"
        )
        assert cursor.fetchone() == ("i", "s")
        cursor.execute(
            "EXPLAIN VERBOSE SELECT 1 FROM customers_customer WHERE customers_folded(email) = 'a'"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "btrim(" in plan
    assert "customers_folded(" not in plan
