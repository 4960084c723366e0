"""The contract of `docs/contract.md` as data, independent of the code that must keep it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """What a value may be. `says` describes it in words."""

    says: str
    fits: Callable[[Any], bool]

    def __or__(self, other: "Kind") -> "Kind":
        return Kind(
            f"{self.says} or {other.says}", lambda value: self.fits(value) or other.fits(value)
        )


def matching(pattern: str, says: str) -> Kind:
    compiled = re.compile(pattern, re.ASCII)
    return Kind(
        says, lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None
    )


def one_of(*allowed: str) -> Kind:
    return Kind(
        " or ".join(map(repr, allowed)), lambda value: isinstance(value, str) and value in allowed
    )


def between(low: int, high: int) -> Kind:
    return Kind(
        f"an int from {low} to {high}", lambda value: type(value) is int and low <= value <= high
    )


def record(**fields: Kind) -> Kind:
    """Return the kind of an object with exactly these keys."""
    return Kind(
        f"an object of {', '.join(fields)}",
        lambda value: isinstance(value, dict) and not field_violations("", value, fields),
    )


def list_of(kind: Kind) -> Kind:
    return Kind(
        f"a list of: {kind.says}",
        lambda value: isinstance(value, list) and all(map(kind.fits, value)),
    )


NULL = Kind("null", lambda value: value is None)
TEXT = Kind("a text", lambda value: isinstance(value, str) and value != "")
BOOL = Kind("a bool", lambda value: type(value) is bool)
COUNT = Kind("an int of 0 or more", lambda value: type(value) is int and value >= 0)
NUMBER = Kind("a number", lambda value: type(value) in {int, float})
QUANTITY = between(1, 2**31 - 1) | Kind(
    "a number with up to 3 decimals",
    lambda value: type(value) is float and value > 0 and value == round(value, 3) != int(value),
)

DATE = matching(r"\d{4}-\d\d-\d\d", "YYYY-MM-DD")
MONTH_AND_DAY = matching(r"\d\d-\d\d", "MM-DD")
INSTANT = matching(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+00:00)", "UTC in ISO 8601 with milliseconds"
)
UUID = matching(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a UUID")
MESSAGE_ID = matching(r"[0-9a-f]{32}", "32 hex digits")

ADDRESS = record(
    street=TEXT | NULL,
    city=TEXT | NULL,
    state=TEXT | NULL,
    postalCode=TEXT | NULL,
    country=matching("[A-Z]{2}", "ISO") | NULL,
)
DISCOUNT = record(name=TEXT, description=TEXT | NULL, value=NUMBER)

ORDER = {
    "order_id": TEXT,
    "agent": TEXT | NULL,
    "customer_brand": TEXT,
    "value": NUMBER,
    "revenue": NUMBER,
    "sold_by": TEXT | NULL,
    "returned_by": TEXT | NULL,
    "discount": DISCOUNT | NULL,
    # extra
    "currency": matching("[A-Z]{3}", "ISO 4217"),
}
STOP = {"driver": TEXT | NULL, "route": TEXT | NULL, "address": ADDRESS | NULL}

EVENTS: Mapping[str, Mapping[str, Kind]] = {
    "Pickup Completed": STOP
    | {"had_pickup": BOOL, "had_delivery": BOOL, "total_pickups": COUNT, "total_deliveries": COUNT},
    "Pickup Missed": STOP,
    "Pickup Scheduled": {"scheduled_by": one_of("Employee", "Customer"), "pickup_date": DATE},
    "Customer Canceled Pickup": {"canceled_via": one_of("Website", "Text"), "pickup_date": DATE},
    "Customer Requested Regular Pickups": {"address": ADDRESS | NULL},
    "Order Created": ORDER,
    "Order Ready": ORDER,
    "Order Returned": ORDER,
    "Order Line Item Returned": ORDER
    | {
        "department": TEXT | NULL,
        "line_item_id": TEXT,
        "description": TEXT,
        "quantity": QUANTITY,
        "price": NUMBER,
    },
    "New Customer Signup": {"source": one_of("POS", "Website")},
    "Customer Visit": {"visit_type": one_of("Driver", "Store", "Signup")},
    "Customer Lost": {
        "last_visit": INSTANT,
        "days_since_visit": COUNT,
        "visit_frequency": one_of("weekly", "bi-weekly", "monthly", "irregular", "unknown"),
    },
    "Customer Birthday": {"birthday": MONTH_AND_DAY},
}

DELIVERY_PREFERENCE = one_of(
    "No Delivery Preference",
    "Route Approval Pending",
    "Route Regular",
    "Delivery Address Declined",
    "Will Call",
    "Deliver with Master",
)
TRAITS: Mapping[str, Kind] = {
    "email": TEXT | NULL,
    "name": TEXT | NULL,
    "firstName": TEXT | NULL,
    "lastName": TEXT | NULL,
    "phone": TEXT | NULL,
    "isMobile": BOOL,
    "agent": TEXT | NULL,
    "paymentTerm": one_of("POS", "Statement", "AutoPay"),
    "hasCreditCard": BOOL,
    "createdAt": INSTANT,
    "lastVisit": INSTANT | NULL,
    "deliveryPreference": DELIVERY_PREFERENCE,
    "link": matching(r"https?://[^/?#\s]+/account/[A-Za-z0-9_.~-]+", "a link"),
    "brand": TEXT,
    "address": ADDRESS | NULL,
    "receiveEmails": BOOL,
    "receiveTexts": BOOL,
    "group": TEXT | NULL,
    "accountDiscount": DISCOUNT | NULL,
    "customFields": list_of(record(name=TEXT, value=TEXT | NULL)),
    "demographic": between(1, 5),
    # extra
    "phoneE164": matching(r"\+[1-9]\d{6,14}", "E.164") | NULL,
    "birthday": DATE | MONTH_AND_DAY | NULL,
}

ENVELOPE: dict[str, Kind] = {
    "type": one_of("track", "identify"),
    "userId": UUID,
    "anonymousId": NULL,
    "messageId": MESSAGE_ID,
    "timestamp": INSTANT,
    "context": record(
        ip=one_of("0"),
        active=Kind("false", lambda value: value is False),
        timezone=matching(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+)*", "a time zone"),
        library=record(name=TEXT, version=TEXT),
    ),
    "integrations": Kind(
        "{} or no Promoter.io", lambda value: value in ({}, {"Promoter.io": False})
    ),
}

# Mixpanel deletes or reinterprets them.
RESERVED = {"id", "time", "distinct_id", "ip", "timezone", "length", "bucket"}
MAX_DEPTH = 3


def violations(message: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a posted message. Empty when it keeps the contract."""
    if message.get("type") == "identify":
        envelope, content, fields = (
            ENVELOPE | {"traits": Kind("an object", is_object)},
            "traits",
            TRAITS,
        )
    else:
        envelope = ENVELOPE | {"event": one_of(*EVENTS), "properties": Kind("an object", is_object)}
        content, fields = "properties", EVENTS.get(str(message.get("event")), {})
        if "backfilled" in message.get("properties", {}):
            fields = {**fields, "backfilled": Kind("true", lambda value: value is True)}
    problems = field_violations("message", message, envelope)
    body = message.get(content)
    return (
        [*problems, *field_violations(content, body, fields), *_mixpanel_violations(content, body)]
        if isinstance(body, dict)
        else problems
    )


def is_object(value: object) -> bool:
    return isinstance(value, dict)


def field_violations(
    where: str, values: Mapping[str, Any], fields: Mapping[str, Kind]
) -> list[str]:
    problems = [f"{where} lacks {name}" for name in fields if name not in values]
    problems += [
        f"{where} has {name}, which is not in the contract" for name in values if name not in fields
    ]
    present = {name: kind for name, kind in fields.items() if name in values}
    return problems + [
        f"{where}.{name} is {values[name]!r}, not {kind.says}"
        for name, kind in present.items()
        if not kind.fits(values[name])
    ]


def _mixpanel_violations(where: str, body: Mapping[str, Any]) -> list[str]:
    problems = [
        f"{where}.{name} is a name that Mixpanel keeps for itself"
        for name in body
        if name in RESERVED or name.startswith("$")
    ]
    return (
        [*problems, f"{where} is nested deeper than {MAX_DEPTH}"]
        if depth(body) > MAX_DEPTH
        else problems
    )


def depth(value: object) -> int:
    """Return 0 for a plain value, and for an object or a list one more than for its deepest."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0
