"""Replies to the nightly text, sent on the Phones page. They arrive signed, as from Twilio."""

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
    """Reply No to the nightly text, which cancels the pickup."""
    return _reply_to_nightly_text(
        business, random, NO[business.demo.language], "replied No to the nightly text"
    )


def reply_yes(business: RemoteBusiness, random: Random) -> str | None:
    return _reply_to_nightly_text(
        business, random, YES[business.demo.language], "replied Yes to the nightly text"
    )


def reply_with_question(business: RemoteBusiness, random: Random) -> str | None:
    return _reply_to_nightly_text(
        business,
        random,
        QUESTIONS[business.demo.language],
        "replied to the nightly text with a question",
    )


def reply_stop(business: RemoteBusiness, random: Random) -> str | None:
    return _reply_to_nightly_text(business, random, (STOP,), "wants no more texts")


def reply_start(business: RemoteBusiness, random: Random) -> str | None:
    """Reply Start on a phone whose last reply was Stop."""
    stopped = [
        lines
        for lines in _conversations(business)
        if [line["body"] for line in lines if line["theirs"]][-1:] == [STOP]
    ]
    return _send(business, choose(stopped, random), START, "wants texts again")


def _reply_to_nightly_text(
    business: RemoteBusiness, random: Random, words: tuple[str, ...], action: str
) -> str | None:
    """Reply to a text that has no reply yet."""
    waiting = [
        lines
        for lines in _conversations(business)
        if not lines[-1]["theirs"] and not lines[-1]["reply_to"]
    ]
    return _send(business, choose(waiting, random), random.choice(words), action)


def _send(business: RemoteBusiness, lines: list[Row] | None, body: str, action: str) -> str | None:
    if lines is None:
        return None
    phone = lines[-1]["phone"]
    browser = SimpleBrowser(business.servers.phones_page)
    page = browser.open("/")
    hidden_fields = {"phone": phone, "number": business.text_number}
    form = next((form for form in page.forms if hidden_fields.items() <= form.fields.items()), None)
    if form is None:
        raise UnexpectedResponse("the Phones page does not show the conversation")
    browser.send(page, {"body": body}, form)
    # a family may share a phone, and a customer may have changed the number since
    owners = " or ".join(
        customer_name(customer) for customer in business.till.list_rows("customers", phone=phone)
    )
    return f"{owners or 'a customer'} {action}"


def _conversations(business: RemoteBusiness) -> list[list[Row]]:
    """Return the texts on each phone, oldest first; none without the stand-in for Twilio."""
    if not (business.servers.phones_url and business.text_number):
        return []
    conversations: dict[str, list[dict[str, Any]]] = {}
    for line in business.servers.phones_page.request("GET", "/messages").json()["lines"]:
        if line["number"] == business.text_number:
            conversations.setdefault(line["phone"], []).append(line)
    return list(conversations.values())
