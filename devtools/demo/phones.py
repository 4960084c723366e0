"""What customers answer to the nightly text, on the Phones page: what they send reaches the business as Twilio tells of it, signed."""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

from devtools.demo.api import Row
from devtools.demo.browser import Browser
from devtools.demo.shop import Shop
from devtools.demo.whom import called, one_of
from devtools.demo.wire import Unexpected

Words = Mapping[str, tuple[str, ...]]

NO: Final[Words] = MappingProxyType(
    {"en": ("No", "no", "No thanks"), "de": ("Nein", "nein danke", "No")}
)
YES: Final[Words] = MappingProxyType({"en": ("Yes", "Yes please"), "de": ("Ja", "Ja, bitte")})
QUESTIONS: Final[Words] = MappingProxyType(
    {
        "en": ("Can the van come after 5?", "Is my suit ready?"),
        "de": ("Kommt der Wagen nach 17 Uhr?", "Ist mein Anzug fertig?"),
    }
)
STOP: Final = "Stop"
START: Final = "Start"


def answer_no(shop: Shop, random: Random) -> str | None:
    """To the nightly text that says that the van comes by."""
    return _answer(shop, random, NO[shop.demo.language], "answered No to the text about a pickup")


def answer_yes(shop: Shop, random: Random) -> str | None:
    return _answer(shop, random, YES[shop.demo.language], "answered Yes to the text about a pickup")


def ask(shop: Shop, random: Random) -> str | None:
    return _answer(
        shop,
        random,
        QUESTIONS[shop.demo.language],
        "answered the text about a pickup with a question",
    )


def stop(shop: Shop, random: Random) -> str | None:
    return _answer(shop, random, (STOP,), "wants no more texts")


def start(shop: Shop, random: Random) -> str | None:
    """Somebody who had said Stop."""
    stopped = [
        lines
        for lines in _conversations(shop)
        if [line["body"] for line in lines if line["theirs"]][-1:] == [STOP]
    ]
    return _send(shop, one_of(stopped, random), START, "wants to get texts again")


def _answer(shop: Shop, random: Random, words: tuple[str, ...], told: str) -> str | None:
    """Only where a text waits for an answer."""
    waiting = [
        lines
        for lines in _conversations(shop)
        if not lines[-1]["theirs"] and not lines[-1]["reply_to"]
    ]
    return _send(shop, one_of(waiting, random), random.choice(words), told)


def _send(shop: Shop, lines: list[Row] | None, said: str, told: str) -> str | None:
    if lines is None:
        return None
    phone = lines[-1]["phone"]
    browser = Browser(shop.doors.texts)
    page = browser.open("/")
    named = {"phone": phone, "number": shop.text_number}
    form = next((form for form in page.forms if named.items() <= form.fields.items()), None)
    if form is None:
        raise Unexpected("the Phones page shows a conversation no more")
    browser.send(page, {"body": said}, form)
    # a family may share a phone, and who changed the number lately has left it
    owners = " or ".join(called(customer) for customer in shop.till.every("customers", phone=phone))
    return f"{owners or 'somebody'} {told}"


def _conversations(shop: Shop) -> list[list[Row]]:
    """The texts on each phone, oldest first; none without the stand-in."""
    if not (shop.doors.phones and shop.text_number):
        return []
    found: dict[str, list[dict[str, Any]]] = {}
    for line in shop.doors.texts.ask("GET", "/messages").json()["lines"]:
        if line["number"] == shop.text_number:
            found.setdefault(line["phone"], []).append(line)
    return list(found.values())
