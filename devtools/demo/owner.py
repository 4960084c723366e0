"""Actions of the owner: renames, which change the traits of many customers."""

from random import Random

from devtools.demo.choices import choose
from devtools.demo.remote_business import RemoteBusiness

NAME_SUFFIX = " & Co"


def rename(business: RemoteBusiness, random: Random) -> str | None:
    """Rename a brand, a store or a route, or undo the last renaming, so that names do not grow."""
    brands = [
        (f"brands/{brand['id']}", brand["name"]) for brand in business.till.list_rows("brands")
    ]
    agents = [(f"agents/{agent['id']}", agent["name"]) for agent in business.agents]
    record = choose([*brands, *agents], random)
    if record is None:
        return None
    path, before = record
    after = (
        before.removesuffix(NAME_SUFFIX) if before.endswith(NAME_SUFFIX) else before + NAME_SUFFIX
    )
    business.till.patch(path, name=after)
    return f"{before} is now called {after}"
