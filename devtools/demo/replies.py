"""What customers answer to the nightly text, on the Phones page: what they send reaches the business as Twilio tells of it, signed."""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

from devtools.demo.api_client import Row
from devtools.demo.choices import choose, customer_name
from devtools.demo.http_client import UnexpectedResponse
from devtools.demo.remote_business import RemoteBusiness
from devtools.demo.simple_browser import SimpleBrowser

PhrasesByLanguage = Mapping[str, tuple[str, ...]]

NO: Final[PhrasesByLanguage] = MappingProxyType(
    {"en": ("No", "no", "No thanks"), "de": ("Nein", "nein danke", "No")}
)
YES: Final[PhrasesByLanguage] = MappingProxyType(
    {"en": ("Yes", "Yes please"), "de": ("Ja", "Ja, bitte")}
)
QUESTIONS: Final[PhrasesByLanguage] = MappingProxyType(
    {
        "en": ("Can the van come after 5?", "Is my suit ready?"),
        "de": ("Kommt der Wagen nach 17 Uhr?", "Ist mein Anzug fertig?"),
    }
)
STOP: Final = "Stop"
START: Final = "Start"


def reply_no(business: RemoteBusiness, random: Random) -> str | None:
    """To the nightly text that says that the van comes by."""
    return _reply_to_nightly_text(
        business, random, NO[business.demo.language], "answered No to the text about a pickup"
    )


def reply_yes(business: RemoteBusiness, random: Random) -> str | None:
    return _reply_to_nightly_text(
        business, random, YES[business.demo.language], "answered Yes to the text about a pickup"
    )


def reply_with_question(business: RemoteBusiness, random: Random) -> str | None:
    return _reply_to_nightly_text(
        business,
        random,
        QUESTIONS[business.demo.language],
        "answered the text about a pickup with a question",
    )


def reply_stop(business: RemoteBusiness, random: Random) -> str | None:
    return _reply_to_nightly_text(business, random, (STOP,), "wants no more texts")


def reply_start(business: RemoteBusiness, random: Random) -> str | None:
    """Somebody who had said Stop."""
    stopped = [
        lines
        for lines in _conversations(business)
        if [line["body"] for line in lines if line["theirs"]][-1:] == [STOP]
    ]
    return _send(business, choose(stopped, random), START, "wants to get texts again")


def _reply_to_nightly_text(
    business: RemoteBusiness, random: Random, words: tuple[str, ...], told: str
) -> str | None:
    """Only where a text waits for an answer."""
    waiting = [
        lines
        for lines in _conversations(business)
        if not lines[-1]["theirs"] and not lines[-1]["reply_to"]
    ]
    return _send(business, choose(waiting, random), random.choice(words), told)


def _send(business: RemoteBusiness, lines: list[Row] | None, said: str, told: str) -> str | None:
    if lines is None:
        return None
    phone = lines[-1]["phone"]
    browser = SimpleBrowser(business.servers.phones_page)
    page = browser.open("/")
    named = {"phone": phone, "number": business.text_number}
    form = next((form for form in page.forms if named.items() <= form.fields.items()), None)
    if form is None:
        raise UnexpectedResponse("the Phones page shows a conversation no more")
    browser.send(page, {"body": said}, form)
    # a family may share a phone, and who changed the number lately has left it
    owners = " or ".join(
        customer_name(customer) for customer in business.till.list_rows("customers", phone=phone)
    )
    return f"{owners or 'somebody'} {told}"


def _conversations(business: RemoteBusiness) -> list[list[Row]]:
    """The texts on each phone, oldest first; none without the stand-in."""
    if not (business.servers.phones_url and business.text_number):
        return []
    found: dict[str, list[dict[str, Any]]] = {}
    for line in business.servers.phones_page.request("GET", "/messages").json()["lines"]:
        if line["number"] == business.text_number:
            found.setdefault(line["phone"], []).append(line)
    return list(found.values())
