"""The scopes of API keys: `<area>:read` and `<area>:write`."""

from collections.abc import Mapping
from typing import Final

from django.db import models

AREAS: Final = ("customers", "orders", "stops", "pickups", "reference", "integration", "messages")
SCOPES: Final = frozenset(f"{area}:{right}" for area in AREAS for right in ("read", "write"))


class Client(models.TextChoices):
    """The kind of program that holds a key.

    It decides `source` of a new customer, `scheduled_by` and `canceled_via` of a pickup request.
    """

    POS = "pos", "Point of sale"
    APP = "app", "Delivery app"
    WEBSITE = "website", "Website"


DEFAULT_SCOPES: Final[Mapping[Client, frozenset[str]]] = {
    # an owner grants integration:write only on purpose
    Client.POS: SCOPES - {"integration:write"},
    # a phone can be lost, so its key has only the scopes that a driver needs
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
"""The scopes of a new key, unless its owner chooses others."""
