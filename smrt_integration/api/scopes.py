"""What a key may do: `<what>:read` or `<what>:write`."""

from collections.abc import Mapping
from typing import Final

from django.db import models

AREAS: Final = ("customers", "orders", "stops", "pickups", "reference", "integration", "messages")
SCOPES: Final = frozenset(f"{area}:{right}" for area in AREAS for right in ("read", "write"))


class Client(models.TextChoices):
    """What calls. It decides the `source` of a signup, `scheduled_by` of a pickup and what a cancellation came by."""

    POS = "pos", "Point of sale"
    APP = "app", "Delivery app"
    WEBSITE = "website", "Website"


DEFAULT_SCOPES: Final[Mapping[Client, frozenset[str]]] = {
    # switching the integration is for somebody who was given that on purpose
    Client.POS: SCOPES - {"integration:write"},
    # a driver's phone can be lost: it holds a key to what a driver needs
    Client.APP: frozenset(
        {
            "customers:read",
            "orders:read",
            "orders:write",
            "stops:read",
            "stops:write",
            "pickups:read",
            "reference:read",
        }
    ),
    Client.WEBSITE: frozenset(
        {
            "customers:read",
            "customers:write",
            "orders:read",
            "pickups:read",
            "pickups:write",
            "reference:read",
        }
    ),
}
"""What a new key of each client may do unless told otherwise."""
