"""What the owner does now and then: renames that many customers' traits show."""

from random import Random

from customers.models import Agent, Brand
from smrt_integration.dev.demo.businesses import Firm
from smrt_integration.dev.demo.whom import one_of

ADDED = " & Co"


def rename(firm: Firm, random: Random) -> str | None:
    """A brand, a store or a route; there and back again, so that names do not grow."""
    named: list[Brand | Agent] = [*firm.brands, *firm.stores, *firm.routes]
    record = one_of(named, random)
    if record is None:
        return None
    before = record.name
    record.name = before.removesuffix(ADDED) if before.endswith(ADDED) else before + ADDED
    record.save(update_fields=["name"])
    return f"{before} is called {record.name} now"
