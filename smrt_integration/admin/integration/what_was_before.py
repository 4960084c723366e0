"""What the page of the integration says of what was there before: a sentence, and the jobs."""

from typing import Any, NamedTuple

from django.urls import reverse

from events.jobs import first_sync
from events.jobs.first_sync import CUSTOMERS_GLANCED_AT
from events.models import Integration, Request
from smrt_integration.admin.integration.backfill_page import BACKFILL_PAGE
from smrt_integration.admin.integration.job_progress import percent_done
from smrt_integration.admin.integration.since_page import SINCE_PAGE
from smrt_integration.admin.integration.sync_page import SYNC_PAGE

ADDRESSES = {SYNC_PAGE: "sync", BACKFILL_PAGE: "backfill", SINCE_PAGE: "again"}
"""Page -> the end of its name in the addresses."""


class JobLink(NamedTuple):
    """A page of a job, with how far the job is if one is open."""

    title: str
    url: str
    percent: int | None


def before_context(integration: Integration) -> dict[str, Any]:
    """Return what the template needs. Switched off, there is nothing to send."""
    if not integration.enabled:
        return {}
    open_jobs = Request.objects.filter(business_id=integration.pk, finished_at=None)
    percents = {job.kind: percent_done(job) for job in open_jobs}
    return {
        "unknown_customers": unknown_customers(integration),
        "job_links": [
            JobLink(
                page.title,
                reverse(f"admin:events_integration_{name}", args=[integration.pk]),
                percents.get(page.kind),
            )
            for page, name in ADDRESSES.items()
        ],
    }


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
