"""How many customers Segment does not know, in a sentence for the integration's page."""

from events.jobs import first_sync
from events.jobs.first_sync import CUSTOMERS_GLANCED_AT
from events.models import Integration


def unknown_customers(integration: Integration) -> str:
    """Return the sentence, empty without customers. Beyond a number it looks at the newest."""
    seen = first_sync.glance(integration)
    if not seen.customers:
        return ""
    at_least = "at least " if seen.customers == CUSTOMERS_GLANCED_AT and seen.unknown else ""
    which = "newest " if seen.customers == CUSTOMERS_GLANCED_AT else ""
    if not seen.unknown:
        return f"Segment knows your {which}{seen.customers:,} customers."
    of_all = "" if at_least else f" of your {seen.customers:,}"
    return (
        f"Segment does not know {at_least}{seen.unknown:,}{of_all} customers: it hears of a "
        "customer when something happens with them, or when you send all customers."
    )
