"""The button "Send a test event": one attempt, at once, outside of a transaction."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Business
from events.models import DeliveryAttempt, Integration, Lane, Outgoing, SendLog
from smrt_integration.delivery import segment as posting
from smrt_integration.delivery import send_test_event
from tests.admin.conftest import logged_in
from tests.admin.test_integration_page import text
from tests.events.outbox_rows import nothing_written
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(support: User) -> Client:
    return logged_in(support)


def asked(client: Client, business: Business) -> str:
    response = client.post(
        reverse("admin:events_integration_test", args=[business.pk]), follow=True
    )
    return " ".join(text(response).replace("&quot;", '"').replace("&#x27;", "'").split())


def test_segment_gets_an_event_that_no_connected_tool_gets(
    office: Client, integration: Integration, segment: SegmentStandIn
) -> None:
    asked(office, integration.business)
    asked(office, integration.business)
    first, second = segment.accepted()
    assert (first["type"], first["event"], first["integrations"]) == (
        "track",
        "Test Event",
        {"All": False},
    )
    assert (
        first["userId"]
        == second["userId"]
        == str(send_test_event.user_id_for_test_events(integration.business_id))
    )
    assert first["messageId"] != second["messageId"]
    assert first["properties"]["text"].startswith("Hello from SMRT, ")


def test_the_owner_reads_that_it_was_accepted_and_where_to_look(
    office: Client, integration: Integration, segment: SegmentStandIn
) -> None:
    told = asked(office, integration.business)
    (sent,) = segment.accepted()
    assert "Segment accepted the test event." in told
    assert (
        "Debugger. Within a minute it shows a “Test Event” "
        f"with the text “{sent['properties']['text']}”." in told
    )


def test_it_is_in_the_send_log_and_among_the_attempts(
    office: Client, integration: Integration, segment: SegmentStandIn
) -> None:
    asked(office, integration.business)
    entry, attempt = SendLog.objects.get(), DeliveryAttempt.objects.get()
    assert (entry.event, entry.outcome, entry.customer_id, entry.brand_id, entry.attempts) == (
        "Test Event",
        "accepted",
        0,
        0,
        1,
    )
    sent = dict(segment.accepted()[0])
    assert json.loads(entry.body) == {name: sent[name] for name in json.loads(entry.body)}
    assert (attempt.status, attempt.messages, attempt.bytes, attempt.error) == (
        200,
        1,
        len(entry.body),
        "",
    )
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize(
    ("fault", "outcome", "said"),
    [
        (
            {"status": 401},
            "rejected",
            "The test event was not sent: Segment refused the write key. Copy the write key",
        ),
        (
            {"status": 400},
            "rejected",
            "Segment refused the test event: it does not know the write key.",
        ),
        (
            {"status": 503},
            "skipped",
            "The test event was not sent: Segment could not accept the events (it answered 503).",
        ),
    ],
)
def test_the_owner_reads_what_went_wrong_and_what_to_do(
    office: Client,
    integration: Integration,
    segment: SegmentStandIn,
    fault: dict[str, Any],
    outcome: str,
    said: str,
) -> None:
    segment.fault("status", **fault)
    before = Lane.objects.values().get()
    assert said in asked(office, integration.business)
    assert (SendLog.objects.get().outcome, DeliveryAttempt.objects.get().status) == (
        outcome,
        fault["status"],
    )
    assert len(segment.requests()) == 1
    # it says nothing of what waits
    assert Lane.objects.values().get() == before


def test_it_says_when_segment_cannot_be_reached(
    office: Client, integration: Integration, settings: Any
) -> None:
    settings.SEGMENT_HOST = "http://127.0.0.1:9"
    assert "The test event was not sent: Segment could not be reached. Try again later." in asked(
        office, integration.business
    )
    assert (SendLog.objects.get().outcome, DeliveryAttempt.objects.get().status) == (
        "skipped",
        None,
    )


def test_it_may_be_sent_before_switching_on(
    office: Client, integration: Integration, segment: SegmentStandIn
) -> None:
    Integration.objects.update(enabled=False)
    assert "Segment accepted the test event." in asked(office, integration.business)


def test_without_a_key_nothing_is_sent(
    office: Client, business: Business, segment: SegmentStandIn
) -> None:
    with nothing_written():
        assert "There is no readable write key to send with." in asked(office, business)
    assert segment.requests() == []


def test_looking_at_its_address_sends_nothing(
    office: Client, integration: Integration, segment: SegmentStandIn
) -> None:
    assert (
        office.get(reverse("admin:events_integration_test", args=[integration.pk])).status_code
        == 405
    )
    assert segment.requests() == []


def test_a_page_elsewhere_cannot_have_it_sent(
    support: User, integration: Integration, segment: SegmentStandIn
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(support)
    for name in ("test", "waiting", "change"):
        assert (
            client.post(
                reverse(f"admin:events_integration_{name}", args=[integration.pk]), {"what": "none"}
            ).status_code
            == 403
        )
    assert segment.requests() == []


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_segment_is_asked(
    office: Client,
    integration: Integration,
    segment: SegmentStandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.db import connection

    open_blocks: list[bool] = []
    post = posting.post

    def watched(*args: Any) -> Any:
        open_blocks.append(connection.in_atomic_block)
        return post(*args)

    monkeypatch.setattr(posting, "post", watched)
    asked(office, integration.business)
    assert open_blocks == [False]
    assert len(segment.accepted()) == 1
