"""What each client is for and what its keys allow, in an owner's words."""

from collections.abc import Iterable, Mapping
from typing import Final

from smrt_integration.api.resources.customers import SIGNUP_SOURCES
from smrt_integration.api.resources.pickups import CANCELED_VIA, SCHEDULED_BY
from smrt_integration.api.scopes import SCOPES, Client

# In the order in which forms list them.
SCOPE_LABELS: Final[Mapping[str, str]] = {
    "customers:read": "Read customers",
    "customers:write": "Sign up and change customers",
    "orders:read": "Read orders",
    "orders:write": "Create and change orders",
    "stops:read": "Read drivers' stops",
    "stops:write": "Schedule and complete drivers' stops",
    "pickups:read": "Read pickups",
    "pickups:write": "Schedule and cancel pickups",
    "reference:read": "Read stores, employees, discounts and similar lists",
    "reference:write": "Change stores, employees, discounts and similar lists",
    "integration:read": "Read the settings of the Segment integration",
    "integration:write": "Change the Segment integration, including switching it off",
    "messages:read": "Read what is waiting and what was sent to Segment",
    "messages:write": "Send messages to Segment again",
}
if without_label := SCOPES ^ SCOPE_LABELS.keys():
    raise LookupError(
        "Say in SCOPE_LABELS (smrt_integration/admin/keys/descriptions.py) what these scopes "
        f"allow: {', '.join(sorted(without_label))}."
    )

CLIENT_PURPOSES: Final[Mapping[Client, str]] = {
    Client.POS: "For the program at your counters.",
    Client.APP: "For your drivers' phones.",
    Client.WEBSITE: "For your own website, where customers sign up and book pickups.",
}
AREA_NAMES: Final[Mapping[str, str]] = {"reference": "store data", "integration": "the integration"}
"""The areas of scopes that owners know by another name."""


def client_effects(client: Client) -> list[str]:
    """Return sentences about how Segment sees what a client does."""
    if CANCELED_VIA[client] == CANCELED_VIA[Client.WEBSITE]:
        canceled = (
            "Pickups canceled with it count as canceled by the customer, and we tell Segment."
        )
    else:
        canceled = (
            "Pickups canceled with it count as canceled by an employee, and we do not tell Segment."
        )
    return [
        f"Customers signed up with it have the source “{SIGNUP_SOURCES[client]}”.",
        f"Pickups scheduled with it appear in Segment as scheduled by “{SCHEDULED_BY[client]}”.",
        canceled,
    ]


def scope_labels(scopes: Iterable[str]) -> list[str]:
    granted = set(scopes)
    return [label for scope, label in SCOPE_LABELS.items() if scope in granted]


def scope_summary(scopes: Iterable[str]) -> str:
    """Return, for a list of keys, which areas a key reads and which it changes."""
    granted = set(scopes)
    if granted >= SCOPES:
        return "Everything"
    areas: dict[str, list[str]] = {"read": [], "write": []}
    for area, right in (scope.split(":") for scope in SCOPE_LABELS if scope in granted):
        areas[right].append(AREA_NAMES.get(area, area))
    clauses = [
        f"{verb} {_join(names)}"
        for verb, names in (("reads", areas["read"]), ("changes", areas["write"]))
        if names
    ]
    return "; ".join(clauses).capitalize() or "Nothing"


def _join(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
