"""The owner's page that sends again what went to another source: it counts, and asks."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from customers.models import Business
from events.jobs.run import run_jobs
from events.models import Integration, Request
from tests.admin.conftest import logged_in
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import deliver, write_key
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_owner_counts_confirms_and_it_is_sent(
    business: Business, owner: User, segment: SegmentStandIn
) -> None:
    integration = Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
    CustomerFactory.create(business=business)
    deliver()
    integration.write_key = write_key(2)
    integration.save()
    office, page = logged_in(owner), reverse("admin:events_integration_again", args=[business.pk])
    since = (timezone.now() - timedelta(days=1)).astimezone(ZoneInfo(business.time_zone))
    chosen = {"since_0": f"{since:%Y-%m-%d}", "since_1": f"{since:%H:%M}"}
    with nothing_written():
        response = office.get(page, chosen)
    counted = text(response)
    assert "1 event went to another source." in counted
    assert "&quot;backfilled&quot;: true" in counted
    posted = {"what": "start", "since": response.context["since"]}
    assert "0 messages are sent or about to be sent." in text(
        office.post(page, posted, follow=True)
    )
    run_jobs(timezone.now())
    deliver()
    assert [one["type"] for one in segment.accepted(write_key(2))] == ["identify", "track"]
    assert "Done" in text(office.get(page))

    ahead = {"since_0": "2999-01-01", "since_1": "8:00"}
    assert "Choose a time in the past." in text(office.get(page, ahead))
    for wrong in ("soon", "2026-01-01T00:00", "2999-01-01T00:00+00:00"):
        office.post(page, {"what": "start", "since": wrong})
    assert Request.objects.count() == 1
