"""Messages to customers whose action is refused. The records' own messages address employees."""

from datetime import date

from django.utils.dateformat import format as format_date

from customers.errors import ActionRefused

ERROR_MESSAGES = {
    "past_date": "That day has passed.",
    "scheduled_already": "You already have a pickup on that day.",
    "completed_already": "Our driver already came for this pickup.",
    "requested_already": "You already asked for regular pickups. We will let you know.",
    "on_route_already": "You already have regular pickups.",
    "gone": "This no longer exists.",
}


def error_message(refusal: ActionRefused) -> str:
    return ERROR_MESSAGES.get(refusal.code, refusal.message)


def full_date(day: date) -> str:
    """Return a date such as Friday, March 7, 2025, which is clear in every country."""
    return format_date(day, "l, F j, Y")
