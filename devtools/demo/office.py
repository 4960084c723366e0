"""What the owner does now and then: renames that many customers' traits show."""

from random import Random

from devtools.demo.shop import Shop
from devtools.demo.whom import one_of

ADDED = " & Co"


def rename(shop: Shop, random: Random) -> str | None:
    """A brand, a store or a route; there and back again, so that names do not grow."""
    brands = [(f"brands/{brand['id']}", brand["name"]) for brand in shop.till.every("brands")]
    agents = [(f"agents/{agent['id']}", agent["name"]) for agent in shop.agents]
    chosen = one_of([*brands, *agents], random)
    if chosen is None:
        return None
    path, before = chosen
    after = before.removesuffix(ADDED) if before.endswith(ADDED) else before + ADDED
    shop.till.patch(path, name=after)
    return f"{before} is called {after} now"
