"""Refusals and days in words for the customer: what the records say is said to the people at the counter."""

from datetime import date

from django.utils.dateformat import format as formatted

from customers.errors import ActionRefused

ERROR_MESSAGES = {
    "past_date": "That day has passed.",
    "scheduled_already": "You already have a pickup on that day.",
    "completed_already": "Our driver was here for this pickup already.",
    "requested_already": "You asked for regular pickups already. We will let you know.",
    "on_route_already": "You are on a regular route already.",
    "gone": "This was removed in the meantime.",
}


def error_message(refusal: ActionRefused) -> str:
    return ERROR_MESSAGES.get(refusal.code, refusal.message)


def full_date(day: date) -> str:
    """Such as Friday, March 7, 2025: no country reads it as another day."""
    return formatted(day, "l, F j, Y")
