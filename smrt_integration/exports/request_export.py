"""Add an export, up to a bound per business: no business fills the disk or the workers' time."""

from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from customers.models import Business
from events import wake
from events.send_log import pages
from events.send_log.filter import MessageFilter
from smrt_integration.exports import files
from smrt_integration.exports.models import Export

MAX_OPEN_EXPORTS: Final = 3
"""Of one business. Exports are written one at a time, so more would only wait."""
MAX_KEPT_EXPORTS: Final = 20
"""Of one business. More than anybody downloads in a day; they bound the disk that one takes."""
OPEN: Final = Q(finished_at=None, failed_at=None)


@transaction.atomic
def request_export(matching: MessageFilter, in_words: str, by: Any, now: datetime) -> Export | None:
    """Have the messages that match now written into a file. Later ones are not included.

    Returns the open export when there is one for the same filter, and None if there are
    MAX_OPEN_EXPORTS already. Beyond MAX_KEPT_EXPORTS, the oldest is deleted.
    """
    ids = matching.businesses
    business_id = ids[0] if ids is not None and len(ids) == 1 else None
    exports = _lock_exports(business_id, by)
    open_exports, filter_json = exports.filter(OPEN), matching.as_json()
    if same := open_exports.filter(matching=filter_json).first():
        return same
    if open_exports.count() >= MAX_OPEN_EXPORTS:
        return None
    for old in exports.exclude(OPEN).order_by("-id")[MAX_KEPT_EXPORTS - 1 :]:
        _delete(old)
    export = Export.objects.create(
        business_id=business_id,
        requested_by=by,
        requested_at=now,
        matching=filter_json,
        filter_in_words=in_words,
        up_to=pages.newest_id(),
        expected=_expected(matching),
    )
    wake.write_exports_after_commit()
    return export


def _expected(matching: MessageFilter) -> int:
    """Return how many messages match, or 0 if they are too many to count."""
    count = pages.count(matching)
    return 0 if matching.search_result and count > pages.MATCHES_COUNTED else count


def _lock_exports(business_id: int | None, by: Any) -> QuerySet[Export]:
    """Return the exports of the business, or the user's own of several, and let nobody add one."""
    if business_id is None:
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        return Export.objects.filter(business=None, requested_by=by)
    Business.objects.select_for_update(no_key=True).get(pk=business_id)
    return Export.objects.filter(business_id=business_id)


def _delete(export: Export) -> None:
    folder = export.folder
    export.delete()
    transaction.on_commit(lambda: files.delete_files(folder), robust=True)
