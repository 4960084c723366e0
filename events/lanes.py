"""The owner's side of a lane: it exists as soon as there is a config, and saving the config lets it run again."""

from django.db.models import F
from django.utils import timezone

from events import wake
from events.models import Lane


def resume(business_id: int) -> None:
    """Make the lane, or let a waiting or stopped one try again now. A delivery in progress is not disturbed: its lease stays."""
    now = timezone.now()
    _, created = Lane.objects.get_or_create(business_id=business_id)
    if not created:
        Lane.objects.filter(business_id=business_id).update(
            generation=F("generation") + 1, resume_at=now, failures=0, stopped="", stopped_at=None, last_error="", failing_since=None
        )
    wake.after_commit()
