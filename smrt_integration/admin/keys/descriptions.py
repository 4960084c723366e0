"""What clients are for and what their keys allow, in an owner's words."""

from collections.abc import Iterable, Mapping
from typing import Final

from smrt_integration.api.resources.customers import SIGNUP_SOURCES
from smrt_integration.api.resources.pickups import CANCELED_VIA, SCHEDULED_BY
from smrt_integration.api.scopes import SCOPES, Client

# in the order in which a form offers them
ALLOWS: Final[Mapping[str, str]] = {
    "customers:read": "Read customers",
    "customers:write": "Sign up and change customers",
    "orders:read": "Read orders",
    "orders:write": "Take in and change orders",
    "stops:read": "Read drivers' stops",
    "stops:write": "Schedule and complete drivers' stops",
    "pickups:read": "Read pickups",
    "pickups:write": "Schedule and cancel pickups",
    "reference:read": "Read stores, employees, discounts and the like",
    "reference:write": "Change stores, employees, discounts and the like",
    "integration:read": "Read the settings of the Segment integration",
    "integration:write": "Change the Segment integration, also switch it off",
    "messages:read": "Read what waits and what was sent to Segment",
    "messages:write": "Send messages to Segment again",
}
if unsaid := SCOPES ^ ALLOWS.keys():
    raise LookupError(
        f"Say in ALLOWS (smrt_integration/admin/keys/descriptions.py) what these scopes allow: {', '.join(sorted(unsaid))}."
    )

FOR: Final[Mapping[Client, str]] = {
    Client.POS: "For the program at your counters.",
    Client.APP: "For your drivers' phones.",
    Client.WEBSITE: "For your own website, where customers sign up and book pickups.",
}


def counts_as(client: Client) -> list[str]:
    """What becomes of what a client does: nobody can tell it otherwise."""
    scheduled = (
        f"Pickups that it schedules are told to Segment as scheduled by “{SCHEDULED_BY[client]}”."
    )
    if CANCELED_VIA[client] == CANCELED_VIA[Client.WEBSITE]:
        canceled = "Pickups that it cancels count as canceled by the customer, and Segment is told."
    else:
        canceled = "Pickups that it cancels count as canceled by an employee, of which Segment is not told."
    return [
        f"Customers whom it signs up have the source “{SIGNUP_SOURCES[client]}”.",
        scheduled,
        canceled,
    ]


def allowed(scopes: Iterable[str]) -> list[str]:
    """A sentence for each."""
    held = set(scopes)
    return [words for scope, words in ALLOWS.items() if scope in held]


def in_short(scopes: Iterable[str]) -> str:
    """For a list: which areas it reads and which it changes."""
    held = set(scopes)
    if held >= SCOPES:
        return "Everything"
    areas: dict[str, list[str]] = {"read": [], "write": []}
    for area, right in (scope.split(":") for scope in ALLOWS if scope in held):
        areas[right].append(NOUNS.get(area, area))
    told = [
        f"{verb} {_and(found)}"
        for verb, found in (("reads", areas["read"]), ("changes", areas["write"]))
        if found
    ]
    return "; ".join(told).capitalize() or "Nothing"


NOUNS: Final[Mapping[str, str]] = {"reference": "store data", "integration": "the integration"}
"""Of areas that owners know by another name."""


def _and(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
