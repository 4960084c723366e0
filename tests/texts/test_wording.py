"""The wording of texts, in each language."""

from datetime import date

import pytest

from customers.texts.languages import ENGLISH, LANGUAGES, AutoReply, Language
from customers.texts.wording import (
    PLACEHOLDER_PATTERN,
    PLACEHOLDERS,
    nightly_text,
    unknown_placeholders,
)

DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "en",
            (
                "Example Cleaners: Ann, our van will come for your pickup tomorrow, "
                "Tuesday, November 24. "
                "Reply NO to cancel it. "
                "Reply STOP to opt out."
            ),
        ),
        (
            "es",
            (
                "Example Cleaners: Ann, mañana, martes 24 de noviembre, "
                "pasaremos a recoger su ropa. "
                "Responda NO para cancelar. "
                "Responda STOP para no recibir más mensajes."
            ),
        ),
        (
            "de",
            (
                "Example Cleaners: Ann, morgen, Dienstag, 24. November, holen wir Ihre Wäsche ab. "
                "Antworten Sie NEIN, um abzusagen. "
                "Antworten Sie STOPP, um keine SMS mehr zu bekommen."
            ),
        ),
        (
            "fr",
            (
                "Example Cleaners : Ann, nous passons demain, mardi 24 novembre, "
                "prendre votre linge. "
                "Répondez NON pour annuler. "
                "Répondez STOP pour ne plus recevoir de SMS."
            ),
        ),
    ],
)
def test_the_usual_wording_names_the_business_the_day_and_how_to_reply(
    code: str, text: str
) -> None:
    assert (
        nightly_text(LANGUAGES[code], "", name="Ann", day=DAY, business="Example Cleaners") == text
    )


def test_own_wording_is_filled_in_and_ends_with_how_to_opt_out() -> None:
    text = nightly_text(
        ENGLISH, " Hi {name}, {day}? {business} {other} ", name="", day=DAY, business="Example"
    )
    assert text == "Hi dear customer, Tuesday, November 24? Example {other} Reply STOP to opt out."


def test_braces_in_a_customer_s_name_are_not_filled_in() -> None:
    assert nightly_text(
        ENGLISH, "{name}", name="{business}", day=DAY, business="Example"
    ).startswith("{business} Reply")
    assert nightly_text(
        ENGLISH, "{name.__class__}{0}", name="Ann", day=DAY, business="Example"
    ).startswith("{name.__class__}{0} ")


def test_unknown_placeholders_are_found() -> None:
    assert unknown_placeholders("{name} {first} {} {day}") == ["first", ""]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_language_can_say_and_understand_everything(language: Language) -> None:
    silent = {AutoReply.NONE, AutoReply.ACKNOWLEDGED}
    assert language.replies.keys() == set(AutoReply) - silent
    assert (len(language.weekdays), len(language.months)) == (7, 12)
    assert unknown_placeholders(language.wording) == []
    assert (
        {"name", "day", "business"}
        == set(PLACEHOLDERS)
        == set(PLACEHOLDER_PATTERN.findall(language.wording))
    )
    for reply, english in ENGLISH.replies.items():
        assert set(PLACEHOLDER_PATTERN.findall(language.replies[reply])) == set(
            PLACEHOLDER_PATTERN.findall(english)
        ), reply
