"""The page that offers to send all customers to Segment."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from events.jobs import first_sync
from events.models import Integration, Request
from smrt_integration.admin.integration.job_page import JobPage
from smrt_integration.delivery.job_previews import sync_previews


def _offer(request: HttpRequest, integration: Integration, now: datetime) -> dict[str, Any]:
    return {
        "offer": first_sync.read_offer(integration),
        "previews": sync_previews(integration, now),
    }


def _start(request: HttpRequest, integration: Integration, now: datetime) -> Request | None:
    return first_sync.request_sync(integration.pk, request.user, now)


SYNC_PAGE = JobPage(
    Request.Kind.SYNC, "smrt/integration/sync.html", "Send all customers", _offer, _start
)
