"""What the owner does now and then: renames that many customers' traits show."""

from random import Random

from devtools.demo.choices import choose
from devtools.demo.remote_business import RemoteBusiness

NAME_SUFFIX = " & Co"


def rename(business: RemoteBusiness, random: Random) -> str | None:
    """A brand, a store or a route; there and back again, so that names do not grow."""
    brands = [
        (f"brands/{brand['id']}", brand["name"]) for brand in business.till.list_rows("brands")
    ]
    agents = [(f"agents/{agent['id']}", agent["name"]) for agent in business.agents]
    chosen = choose([*brands, *agents], random)
    if chosen is None:
        return None
    path, before = chosen
    after = (
        before.removesuffix(NAME_SUFFIX) if before.endswith(NAME_SUFFIX) else before + NAME_SUFFIX
    )
    business.till.patch(path, name=after)
    return f"{before} is called {after} now"
