"""Messages to customers whose action is refused. The records' own messages address employees."""

from datetime import date

from customers.business_clock import BusinessClock
from customers.errors import ActionRefused

ERROR_MESSAGES = {
    "past_date": "That day has passed.",
    "scheduled_already": "You already have a pickup on that day.",
    "completed_already": "Our driver already came for this pickup.",
    "requested_already": "You already asked for regular pickups. We will let you know.",
    "on_route_already": "You already have regular pickups.",
    "address_missing": "We do not have your address yet. Enter your street and city first.",
    "gone": "This no longer exists.",
}


def error_message(refusal: ActionRefused) -> str:
    return ERROR_MESSAGES.get(refusal.code, refusal.message)


UNITED_STATES = BusinessClock("America/Los_Angeles", "US")


def full_date(day: date, clock: BusinessClock = UNITED_STATES) -> str:
    """Return a date such as Friday, March 7, 2025, as the business's country writes it."""
    return clock.long_day(day)
