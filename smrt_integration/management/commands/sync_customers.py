from typing import Any

from django.utils import timezone

from events.jobs import first_sync
from smrt_integration.delivery.job_previews import sync_previews
from smrt_integration.management.job_command import JobCommand


class Command(JobCommand):
    help = (
        "Send the details of all customers of a business to Segment, except those that Segment "
        "has. A worker does it; live events go first."
    )

    def handle(self, *args: Any, business: int, dry_run: bool, **options: Any) -> str:
        integration = self.ready_integration(business)
        offer = first_sync.read_offer(integration)
        counted = f"{offer.customers:,} customers, of whom Segment knows {offer.known:,}"
        if dry_run:
            self.show(sync_previews(integration, timezone.now()))
            return f"{counted}. Nothing was queued."
        if not offer.customers:
            return "There are no customers. Nothing was queued."
        job = first_sync.request_sync(business, None, timezone.now())
        if job is None:
            raise self.no_job()
        return f"{counted}. Queued."
