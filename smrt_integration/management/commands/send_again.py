from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError
from django.utils import timezone

from events.jobs import send_since
from smrt_integration.delivery.job_previews import since_previews
from smrt_integration.management.job_command import JobCommand


class Command(JobCommand):
    help = (
        "Send again what went to another Segment source since a time, after a wrong write key or "
        "region. A worker does it; live events go first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--since",
            type=datetime.fromisoformat,
            required=True,
            help="such as 2026-11-25T14:30, on the business's clock unless it names an offset",
        )

    def handle(self, *args: Any, business: int, dry_run: bool, **options: Any) -> str:
        integration, since = self.ready_integration(business), options["since"]
        if since.tzinfo is None:
            since = since.replace(tzinfo=ZoneInfo(integration.business.time_zone))
        offer = send_since.read_since_offer(integration, since)
        counted = (
            f"{offer.elsewhere:,} events and {offer.details:,} customer details went to another "
            f"source, {offer.never:,} messages were refused or expired"
        )
        if dry_run:
            self.show(since_previews(integration, since))
            return f"{counted}. Nothing was queued."
        try:
            job = send_since.request_send_since(business, since, None, timezone.now())
        except send_since.CannotSendAgain as reason:
            raise CommandError(str(reason)) from reason
        return f"{counted}. {'Queued' if job else 'Nothing was queued'}."
