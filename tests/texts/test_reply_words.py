"""The meaning of a reply. The whole reply counts, in any case and with any punctuation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.texts.languages import LANGUAGES, ReplyMeaning
from customers.texts.reply_words import ReplyWords, simplify

USUAL = ReplyWords.of(["en"], {})
EVERY = ReplyWords.of(LANGUAGES, {})


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        ("No", "no"),
        ("NO", "no"),
        ("no.", "no"),
        ("  No!!! ", "no"),
        ('"No"', "no"),
        ("\u201cNo\u201d", "no"),
        ("No \U0001f44e\U0001f3fd", "no"),
        ("N\uff4f", "no"),  # a full-width o
        ("No, thanks.", "no"),
        ("No thank you \U0001f600", "no"),
        ("nope", "no"),
        ("Cancel my pickup, please", "no"),
        ("No,thanks", "no"),
        ("N.O.", "other"),
        ("Please cancel", "no"),
        ("Don\u2019t come", "no"),
        ("Not tomorrow", "no"),
        ("No problem, see you tomorrow!", "other"),
        ("No starch please", "other"),
        ("I have no idea", "other"),
        ("Know", "other"),
        ("Yes", "other"),
        ("STOP", "stop"),
        ("Stop.", "stop"),
        ("unsubscribe", "stop"),
        ("Please stop ringing the bell", "other"),
        ("Start", "start"),
        ("UNSTOP", "start"),
        ("", "other"),
        ("   ", "other"),
        ("\U0001f44d", "other"),
        ("Nein", "other"),  # not a language of this business
    ],
)
def test_a_reply_in_english_is_understood(reply: str, meaning: str) -> None:
    assert USUAL.meaning(reply).value == meaning


@pytest.mark.parametrize(
    ("language", "reply", "meaning"),
    [
        ("de", "Nein, danke!", "no"),
        ("de", "NÖ", "no"),
        ("de", "Stopp", "stop"),
        ("de", "Keine SMS mehr", "stop"),
        ("de", "no", "no"),
        ("es", "No, gracias", "no"),
        ("es", "¡Cancelar!", "no"),
        ("es", "Alto", "stop"),
        ("es", "Cancelar suscripción", "stop"),
        ("fr", "Non merci", "no"),
        ("fr", "ARRÊT", "stop"),
        ("fr", "Arre\u0302t", "stop"),  # the accent as a separate character
        ("fr", "STOP", "stop"),
    ],
)
def test_a_reply_in_another_language_of_the_business_is_understood(
    language: str, reply: str, meaning: str
) -> None:
    assert ReplyWords.of([language], {}).meaning(reply).value == meaning


def test_the_business_s_own_words_take_precedence_and_empty_ones_mean_nothing() -> None:
    own = ReplyWords.of(
        ["en"], {ReplyMeaning.NO: ["Not this week", "!!", ""], ReplyMeaning.OPT_IN: ["end"]}
    )

    assert own.meaning("not this week!") is ReplyMeaning.NO
    assert own.meaning("END") is ReplyMeaning.OPT_IN
    assert own.meaning("!!") is ReplyMeaning.OTHER
    assert own.meaning("") is ReplyMeaning.OTHER


@pytest.mark.parametrize(
    ("reply", "index"),
    [
        ("No Ann", 0),
        ("no, BOB!", 1),
        ("No thanks Bob", 1),
        ("No", None),
        ("Ann", None),
        ("No Carl", None),
        ("No Ann Bob", None),
        ("Ann no", None),
        ("No Mary Jane", 2),
    ],
)
def test_a_no_may_name_one_of_the_customers_who_share_a_number(
    reply: str, index: int | None
) -> None:
    assert USUAL.named_index(reply, ["Ann", "Bob", "Mary-Jane"]) == index


def test_a_name_that_two_customers_share_names_nobody() -> None:
    assert USUAL.named_index("No Ann", ["Ann", "ann"]) is None


@given(
    st.sampled_from(sorted(EVERY.meanings)),
    st.sampled_from([str.upper, str.title, str.lower]),
    st.text("!?.,;:'\"()- \n\t…", max_size=5),
)
def test_case_and_punctuation_around_it_never_change_what_a_word_means(
    word: str, write: object, mark: str
) -> None:
    assert callable(write)
    assert EVERY.meaning(mark + write(word) + mark) is EVERY.meanings[word]


@given(st.text(max_size=2_000))
def test_every_reply_has_one_meaning(reply: str) -> None:
    assert EVERY.meaning(reply) is EVERY.meanings.get(simplify(reply), ReplyMeaning.OTHER)


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_language_uses_a_word_for_two_meanings(code: str) -> None:
    words = [simplify(word) for listed in LANGUAGES[code].words.values() for word in listed]
    assert len(words) == len(set(words))
    assert "" not in words
