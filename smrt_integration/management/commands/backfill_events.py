from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from events.jobs import backfill
from events.jobs.backfill_offer import read_backfill_offer
from smrt_integration.delivery.job_previews import past_previews
from smrt_integration.management.job_command import JobCommand


class Command(JobCommand):
    help = (
        "Send past events of a business to Segment with their true times, except those that "
        "Segment has. A worker does it; live events go first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        since = parser.add_mutually_exclusive_group(required=True)
        since.add_argument("--days", type=int, help="events of the last so many days")
        since.add_argument("--since", type=date.fromisoformat, help="events since YYYY-MM-DD")

    def handle(self, *args: Any, business: int, dry_run: bool, **options: Any) -> str:
        integration, now = self.ready_integration(business), timezone.now()
        day = options["since"] or integration.business.today() - timedelta(days=options["days"])
        try:
            span = backfill.span_since(integration, day, now)
        except backfill.CannotBackfill as reason:
            raise CommandError(str(reason)) from reason
        offer = read_backfill_offer(integration, span)
        about = "About " if offer.is_estimate else ""
        counted = f"{about}{offer.events:,} events of {offer.customers:,} customers since {day}"
        if dry_run:
            self.show(past_previews(offer, integration))
            return f"{counted}. Nothing was queued."
        job = backfill.request_backfill(business, day, None, now)
        if job is None:
            raise self.no_job()
        return f"{counted}. Queued."
