"""Two businesses: what happens to one must not keep the other waiting."""

from tests.account.conftest import visitor
from tests.admin.conftest import owner
from tests.api.conftest import other, other_business, pos
from tests.events.conftest import business, customer, integration

__all__ = [
    "business",
    "customer",
    "integration",
    "other",
    "other_business",
    "owner",
    "pos",
    "visitor",
]
