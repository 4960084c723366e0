"""The meaning of a reply. It has to consist of known phrases, in any case and punctuation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.texts.languages import LANGUAGES, ReplyMeaning
from customers.texts.reply_text import is_reaction, simplify
from customers.texts.reply_words import MAX_WORDS, ReplyPart, ReplyWords
from tests.texts.replies import ENGLISH, OTHER_LANGUAGES, OUR_TEXT

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
        ("No problem, see you tomorrow!", "ok"),
        ("No starch please", "other"),
        ("I have no idea", "other"),
        ("Know", "other"),
        ("Yes", "yes"),
        ("STOP", "stop"),
        ("Stop.", "stop"),
        ("unsubscribe", "stop"),
        ("Please stop ringing the bell", "other"),
        ("Start", "start"),
        ("UNSTOP", "yes"),
        ("", "other"),
        ("   ", "other"),
        ("\U0001f44d", "ok"),
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
    assert USUAL.understand(reply, [["Ann"], ["Bob"], ["Mary-Jane"]]).named == index


def test_a_name_that_two_customers_share_names_nobody() -> None:
    assert USUAL.understand("No Ann", [["Ann"], ["ann"]]) == (ReplyMeaning.NO, None)


def test_the_business_s_own_words_may_be_followed_by_a_name() -> None:
    own = ReplyWords.of(["en"], {ReplyMeaning.NO: ["Bags stay in"]})
    assert own.understand("bags stay in, Bob", [["Ann"], ["Bob"]]) == (ReplyMeaning.NO, 1)
    assert own.understand("bags stay in Bob", [["Bob"], ["Bob"]]) == (ReplyMeaning.NO, None)


NAMES = [["Ann", "Ann Example", "Example"], ["Bob"]]
CORPUS = [(["en"], meaning, reply) for meaning, replies in ENGLISH.items() for reply in replies] + [
    ([code], meaning, reply)
    for code, table in OTHER_LANGUAGES.items()
    for meaning, replies in table.items()
    for reply in replies
]
OF_EVERY_LANGUAGE = {code: ReplyWords.of([code], {}) for code in LANGUAGES}


def misunderstood(change: str = "{}") -> list[tuple[str, str, str]]:
    """Return the replies of the corpus that mean something else, changed like this."""
    found = [
        (reply, OF_EVERY_LANGUAGE[code].understand(change.format(reply), NAMES).meaning, meaning)
        for (code,), meaning, reply in CORPUS
    ]
    return [(reply, got.value, meaning.value) for reply, got, meaning in found if got != meaning]


def test_the_corpus_is_understood() -> None:
    assert len(CORPUS) >= 300
    assert {code for (code,), _, _ in CORPUS} == {*LANGUAGES}
    assert misunderstood() == []


@pytest.mark.parametrize(
    "below",
    [
        "\n\nSent from my iPhone",
        "\n\nGet Outlook for Android<https://aka.ms/example>",
        "\n\nVon meinem iPhone gesendet",
        "\n\nEnviado desde mi iPhone",
        "\n\nEnvoyé de mon iPhone",
        "\n\nOn Mon, Nov 23, 2026 at 6:00 PM Cleaners <a@example.com> wrote:\n> Reply NO",
        "\n\n-- \nMaria Muster\nExample Ltd\n555-0100",
        "\n> " + OUR_TEXT,
    ],
)
def test_what_stands_below_a_reply_changes_nothing(below: str) -> None:
    assert misunderstood("{}" + below) == []


NOT_CANCELED = [
    (code, reply)
    for (code,), meaning, reply in CORPUS
    if meaning not in {ReplyMeaning.NO, ReplyMeaning.CANCEL}
]


@given(
    st.sampled_from(CORPUS),
    st.sampled_from([str.upper, str.title, str.lower]),
    st.text("!.,; \n\t…", max_size=5),
)
def test_case_and_punctuation_around_it_never_change_what_a_reply_means(
    case: tuple[list[str], ReplyMeaning, str], write: object, mark: str
) -> None:
    (code,), meaning, reply = case
    assert callable(write)
    # Phones write reactions, always in the same way, and what stands below a reply.
    if meaning is ReplyMeaning.OTHER or {*reply} & {*'\n"“„«'} or is_reaction(reply):
        return
    changed = mark + write(reply) + mark
    assert OF_EVERY_LANGUAGE[code].understand(changed, NAMES).meaning is meaning


@given(st.text(max_size=1_600))
def test_every_reply_has_one_meaning(reply: str) -> None:
    assert isinstance(EVERY.meaning(reply), ReplyMeaning)


@given(st.lists(st.sampled_from(sorted(EVERY.parts)), min_size=1, max_size=5))
def test_only_a_phrase_that_says_so_cancels(phrases: list[str]) -> None:
    """Without a "No" or "cancel" in a phrase, nothing is canceled, whatever follows what."""
    meaning = EVERY.meaning(" ".join(phrases))
    if meaning in {ReplyMeaning.NO, ReplyMeaning.CANCEL}:
        words = " ".join(phrases).split()
        spoken = {
            part
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
            for part in EVERY.parts.get(" ".join(words[start:end]), ())
        }
        assert spoken & {ReplyPart.NO, ReplyPart.CANCEL}
        assert len(words) <= MAX_WORDS


@given(st.sampled_from(NOT_CANCELED), st.sampled_from(["{}?", "¿{}?", "{} ?", "Can you... {}?"]))
def test_a_question_never_cancels(case: tuple[str, str], ask: str) -> None:
    code, reply = case
    assert OF_EVERY_LANGUAGE[code].meaning(ask.format(reply)) not in {
        ReplyMeaning.NO,
        ReplyMeaning.CANCEL,
    }


@given(st.sampled_from(["Liked", "Disliked", "Le gustó", "A aimé", "Gefällt", "👎 to", "Loved"]))
def test_a_reaction_to_our_own_text_never_cancels(verb: str) -> None:
    for quote in ("“{}”", '"{}"', "„{}“", "« {} »", "“{}"):
        for quoted in (OUR_TEXT, OUR_TEXT[:40] + "…", "No", "STOP"):
            reaction = f"{verb} {quote.format(quoted)}"
            assert EVERY.meaning(reaction) is ReplyMeaning.ACKNOWLEDGMENT, reaction


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_language_has_an_empty_phrase_or_an_unknown_placeholder(code: str) -> None:
    phrases = LANGUAGES[code].phrases
    for field in phrases.__dataclass_fields__:
        listed = getattr(phrases, field)
        assert listed, field
        for phrase in listed:
            assert simplify(phrase.format(pickup="", when="")), phrase


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_first_words_of_each_language_mean_what_our_texts_say(code: str) -> None:
    words, language = OF_EVERY_LANGUAGE[code], LANGUAGES[code]
    assert words.meaning(language.phrases.no[0]) is ReplyMeaning.NO
    assert words.meaning(language.phrases.opt_out[0]) is ReplyMeaning.OPT_OUT
    assert words.meaning("START") is ReplyMeaning.OPT_IN
