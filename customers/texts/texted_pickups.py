"""The pickups that the last texts to a number were about, as they are now."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from customers.models import Business, Customer, NightlyText, PickupRequest
from customers.texts.cancel_by_reply import TextedPickup, TextedPickupState
from customers.texts.timing import REPLY_COUNTS_FOR

SENT_OR_UNCONFIRMED: Final = (
    NightlyText.Status.SENDING,
    NightlyText.Status.SENT,
    NightlyText.Status.UNKNOWN,
)
"""The customer has the text, or may have it."""


def last_texted(
    business: Business, customers: Collection[Customer], numbers: Collection[str], now: datetime
) -> list[tuple[NightlyText, TextedPickup]]:
    """Return the last texts to the customers' number, all about the same day, with their pickups.

    `numbers` are all notations of the number.
    """
    sent = NightlyText.objects.filter(
        business=business,
        customer__in=customers,
        phone__in=numbers,
        status__in=SENT_OR_UNCONFIRMED,
        claimed_at__gt=now - REPLY_COUNTS_FOR,
    )
    rows = list(sent.select_related("customer", "pickup").order_by("-pickup_date", "customer_id"))
    last_day = [row for row in rows if row.pickup_date == rows[0].pickup_date]
    return [(row, _texted_pickup(row)) for row in last_day]


def _texted_pickup(text: NightlyText) -> TextedPickup:
    name, *others = names_of(text.customer)
    return TextedPickup(name, text.pickup_date, _texted_pickup_state(text), tuple(others))


def names_of(customer: Customer) -> tuple[str, ...]:
    """Return the names with which the customer may sign, first the one that we write."""
    first, last = customer.first_name, customer.last_name
    contact = f"{first} {last}".strip()
    names = (first or customer.name, contact, last, customer.company_name)
    return tuple(dict.fromkeys(filter(None, names))) or ("",)


def _texted_pickup_state(text: NightlyText) -> TextedPickupState:
    pickup = text.pickup
    others_that_day = PickupRequest.objects.filter(
        customer=text.customer_id, pickup_date=text.pickup_date
    ).exclude(pk=pickup.pk)
    was_moved = pickup.pickup_date != text.pickup_date
    if was_moved or (
        pickup.status == PickupRequest.Status.CANCELED
        and others_that_day.filter(status=PickupRequest.Status.SCHEDULED).exists()
    ):
        return TextedPickupState.CHANGED
    return TextedPickupState(pickup.status)
