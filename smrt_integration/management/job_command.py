"""What the commands share that queue a job for one business."""

from argparse import ArgumentParser
from collections.abc import Iterable

from django.core.management.base import BaseCommand, CommandError

from events.models import Integration
from smrt_integration.delivery.job_previews import Example


class JobCommand(BaseCommand):
    """A command that offers a job, and queues it for the workers unless it is a dry run."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "business", type=int, help="the business's id, as in the address of its pages"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="count and show examples, and queue nothing"
        )

    def ready_integration(self, business_id: int) -> Integration:
        """Return the business's integration. Raises CommandError if it cannot send."""
        integrations = Integration.objects.select_related("business")
        integration = integrations.filter(pk=business_id).first()
        if integration is None:
            raise CommandError(f"There is no business {business_id} with a Segment integration.")
        if not integration.enabled:
            raise CommandError(f"The integration of {integration.business} is switched off.")
        if not integration.destination:
            raise CommandError(f"The write key of {integration.business} cannot be read.")
        return integration

    def show(self, examples: Iterable[Example]) -> None:
        for example in examples:
            self.stdout.write(example.message.body or example.message.source)

    def no_job(self) -> CommandError:
        return CommandError("Nothing was queued: the integration or its records changed just now.")
