"""Sentences for a client's developer: who sets the fields that the client cannot set."""

from collections.abc import Mapping
from typing import Final

IMPORT_TAKES_IT: Final = "An import takes it for earlier customers."
BY_A_CALL: Final = "Another call sets this, and takes the time as at."
COMPUTED: Final = "The server computes this from the items, the discount and the tax rate."

READ_ONLY_REASONS: Final[Mapping[str, str]] = {
    "id": "The server chooses the id.",
    "created_at": f"The server sets this when the record is created. {IMPORT_TAKES_IT}",
    "requested_at": "The server sets this when the record is created.",
    "source": f"The client of your key decides this. {IMPORT_TAKES_IT}",
    "last_visit": f"The server finds this from the customer's visits. {IMPORT_TAKES_IT}",
    "emails_opted_out_at": "The customer's own opt-out sets this.",
    "texts_opted_out_at": "The customer's own opt-out sets this.",
    "demographic": "The server computes this from what the customer spent.",
    "status": "The calls for this record, such as ready, return, complete and cancel, set this.",
    "ready_at": BY_A_CALL,
    "returned_at": BY_A_CALL,
    "returned_by": "The call return sets this, and takes it as by.",
    "completed_at": BY_A_CALL,
    "canceled_at": "The call cancel sets this.",
    "canceled_via": "The client of the key that cancels decides this.",
    "scheduled_by": "The client of your key decides this.",
    "decided_at": "The calls approve and decline set this.",
    "subtotal": COMPUTED,
    "discount_total": COMPUTED,
    "tax": COMPUTED,
    "total": COMPUTED,
    "had_pickup": "The call complete sets this.",
    "had_delivery": "The call complete sets this.",
    "total_pickups": "The call complete sets this.",
    "total_deliveries": "The call complete sets this.",
}
NOT_SETTABLE: Final = "This call does not set this field."


def read_only_message(name: str, reasons: Mapping[str, str], *, is_change: bool) -> str:
    """Return why the field cannot be set, with the `reasons` of one serializer first."""
    reason = reasons.get(name) or READ_ONLY_REASONS.get(name, NOT_SETTABLE)
    advice = "Leave it out, or send it as it was read." if is_change else "Leave it out."
    return f"{reason} {advice}"
