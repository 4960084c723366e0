"""A customer's details as a table for owners, and which of them Segment does not have yet."""

from typing import Any, get_type_hints

import pytest

from customers.business_clock import BusinessClock
from customers.traits import Traits
from events.timeline.traits_table import (
    SHOWN_FOR_LINK,
    TRAIT_NAMES,
    TraitRow,
    difference,
    trait_table,
)

ZONE = BusinessClock("Europe/Berlin", "DE")
TODAY: dict[str, Any] = {
    **dict.fromkeys(TRAIT_NAMES),
    "email": "ann@example.com",
    "isMobile": True,
    "hasCreditCard": False,
    "createdAt": "2025-03-04T23:30:15.123Z",
    "link": "https://smrt.example.com/account/secret",
    "address": {
        "street": "12 Example Street",
        "city": "San Francisco",
        "state": "CA",
        "postalCode": "94110",
        "country": None,
    },
    "accountDiscount": {"name": "Loyal", "description": None, "value": 10.0},
    "customFields": [
        {"name": "Referral Source", "value": "Website"},
        {"name": "Starch", "value": None},
    ],
    "demographic": 2,
}


def values(rows: list[TraitRow]) -> dict[str, tuple[str, str]]:
    """Return each trait's accepted value, and its value today if that differs."""
    return {row.trait: (row.value, row.now) for row in rows}


def test_every_trait_has_a_name_for_owners() -> None:
    assert list(TRAIT_NAMES) == list(get_type_hints(Traits))


def test_values_are_written_as_people_write_them() -> None:
    table = values(trait_table(None, TODAY, ZONE))
    assert {name: value for name, (value, _) in table.items() if value != "not known"} == {
        "email": "ann@example.com",
        "isMobile": "Yes",
        "hasCreditCard": "No",
        "createdAt": "5 Mar 2025, 00:30",
        "link": "hidden, because it opens their account without a password",
        "address": "12 Example Street, San Francisco, CA, 94110",
        "accountDiscount": "Loyal, 10",
        "customFields": "Referral Source: Website; Starch: not known",
        "demographic": "2",
    }
    assert {now for _, now in table.values()} == {""}


def test_only_a_trait_that_differs_has_two_values_and_the_link_has_none() -> None:
    accepted = {**TODAY, "email": None, "demographic": 5, "link": "(hidden)"}
    table = values(trait_table(accepted, TODAY, ZONE))
    assert {name: both for name, both in table.items() if both[1]} == {
        "email": ("not known", "ann@example.com"),
        "demographic": ("5", "2"),
    }
    assert table["link"] == (SHOWN_FOR_LINK, "")


CHANGED = [
    TraitRow("Email", "email", "a", "b"),
    TraitRow("Phone", "phone", "c"),
    TraitRow("Group", "group", "d", "e"),
]
SAME = [TraitRow("Email", "email", "a")]
PAST = (
    "These changes are not waiting to be sent, because nothing was recorded when they were made. "
    "They are sent with the next change of this customer's details."
)


@pytest.mark.parametrize(
    ("traits", "is_logged", "is_same", "is_waiting", "sentence"),
    [
        (SAME, True, True, False, "Nothing has changed since."),
        (
            CHANGED,
            True,
            False,
            True,
            "Changed since: Email, Group. Their new details are waiting to be sent.",
        ),
        (CHANGED, True, False, False, f"Changed since: Email, Group. {PAST}"),
        (
            SAME,
            True,
            False,
            True,
            "Nothing in this table has changed since. Their new details are waiting to be sent.",
        ),
        (SAME, True, False, False, "Nothing in this table has changed since."),
        (
            SAME,
            False,
            False,
            True,
            (
                "The send log no longer has the message. The table shows what would be sent "
                "today. Their new details are waiting to be sent."
            ),
        ),
        (
            SAME,
            False,
            False,
            False,
            "The send log no longer has the message. The table shows what would be sent today.",
        ),
        (
            SAME,
            False,
            True,
            False,
            "The send log no longer has the message, but nothing has changed since.",
        ),
    ],
)
def test_a_sentence_says_what_has_changed_since(
    traits: list[TraitRow], is_logged: bool, is_same: bool, is_waiting: bool, sentence: str
) -> None:
    assert (
        difference(traits, is_logged=is_logged, is_same=is_same, is_waiting=is_waiting) == sentence
    )
