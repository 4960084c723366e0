"""The outbox and the send log in the API: pages, filters and resending."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer
from events.jobs import run
from events.models import Integration, Outcome, Outgoing, Request, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller, errors, fields
from tests.events.log_entries import create_log_entry
from tests.events.outbox_rows import nothing_written
from tests.factories import BrandFactory, CustomerFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

LOG, WAITING = "send-log-entries", "waiting-messages"
MORNING = datetime(2025, 3, 4, 15, 30, tzinfo=UTC)
"""07:30 in Los Angeles."""


def listed(caller: Caller, path: str, **filters: Any) -> list[str]:
    response = caller.get(path, **filters)
    assert response.status_code == 200, response.content
    return [row["message_id"] for row in response.json()["results"]]


def ids(*rows: SendLog | Outgoing) -> list[str]:
    return [row.message_id for row in rows]


def create_waiting(customer: Customer, event: str = "Customer Visit", **values: Any) -> Outgoing:
    named = {
        "business": customer.business,
        "customer": customer,
        "user_id": customer.uuid,
        "subject_id": 1,
    }
    number = Outgoing.objects.count()
    defaults = {
        "message_id": f"{number:032x}",
        "occurred_at": MORNING,
        "facts": {"visit_type": "Store"},
    }
    row: Outgoing = Outgoing.objects.create(**{**named, **defaults, "event": event, **values})
    return row


class TestSendLog:
    def test_the_send_log_lists_the_outcome_of_each_message_newest_first(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        first = create_log_entry(customer, at=MORNING)
        second = create_log_entry(
            customer, "Order Ready", Outcome.ACCEPTED, at=MORNING + timedelta(minutes=5)
        )

        results = pos.get(LOG).json()["results"]

        assert [row["message_id"] for row in results] == ids(second, first)
        assert results[1] == {
            "message_id": first.message_id,
            "event": "Customer Visit",
            "customer": str(customer.uuid),
            "occurred_at": "2025-03-04T15:28:00Z",
            "attempts": 1,
            "sent_at": "2025-03-04T15:30:00Z",
            "settled_at": "2025-03-04T15:30:00Z",
            "outcome": "rejected",
            "reason": "Segment refused this message (it answered 400).",
        }

    def test_the_send_log_shows_one_message_as_sent_with_the_link_masked(
        self, pos: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
    ) -> None:
        pos.post("orders", {"customer": str(customer.uuid)})
        Delivery().run()
        (identify,) = [message for message in segment.accepted() if message["type"] == "identify"]

        entry = pos.get(f"{LOG}/{identify['messageId']}").json()

        assert (entry["outcome"], entry["message"]["traits"]["email"]) == (
            "accepted",
            customer.email,
        )
        assert entry["message"]["traits"]["link"] != identify["traits"]["link"]
        assert entry["not_again"].startswith("Segment has this message.")
        assert (
            identify["traits"]["link"].rsplit("/", 1)[1]
            not in pos.get(f"{LOG}/{identify['messageId']}").content.decode()
        )

    def test_each_filter_of_the_send_log_finds_its_entries(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        brand = BrandFactory.create(business=customer.business)
        branded = CustomerFactory.create(
            business=customer.business, brand=brand, last_name="Zimmer"
        )
        order = OrderFactory.create(customer=branded, number="A-17")
        plain = create_log_entry(customer, at=MORNING)
        ready = create_log_entry(
            branded,
            "Order Ready",
            Outcome.EXPIRED,
            at=MORNING + timedelta(days=1),
            subject_id=order.pk,
        )

        for filters, expected in (
            ({"event": "Order Ready"}, [ready]),
            ({"outcome": "rejected"}, [plain]),
            ({"brand": str(brand.uuid)}, [ready]),
            ({"customer": str(customer.uuid)}, [plain]),
            ({"first_day": "2025-03-05"}, [ready]),
            ({"last_day": "2025-03-04"}, [plain]),
            ({"search": "A-17"}, [ready]),
            ({"search": "zimm"}, [ready]),
            ({"search": plain.message_id}, [plain]),
            ({"search": "nobody"}, []),
            ({"event": "Order Ready", "outcome": "rejected"}, []),
        ):
            assert listed(pos, LOG, **filters) == ids(*expected), filters

    @pytest.mark.parametrize(
        ("filters", "field"),
        [
            ({"event": "Moon Landing"}, "event"),
            ({"outcome": "lost"}, "outcome"),
            ({"first_day": "yesterday"}, "first_day"),
            ({"customer": "00000000-0000-4000-8000-000000000000"}, "customer"),
            ({"search": "a\0b"}, "search"),
        ],
    )
    def test_an_invalid_filter_is_named(
        self, pos: Caller, filters: dict[str, str], field: str
    ) -> None:
        response = pos.get(LOG, **filters)
        assert (response.status_code, fields(response)) == (400, [field])

    def test_pages_lead_forward_and_back_without_gaps(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        entries = [create_log_entry(customer, at=MORNING + timedelta(minutes=n)) for n in range(7)]
        newest_first = ids(*reversed(entries))
        pages = [pos.get(LOG, limit=3).json()]
        while pages[-1]["next"]:
            pages.append(pos.get(pages[-1]["next"].split("/api/v1/")[1]).json())

        assert [[row["message_id"] for row in page["results"]] for page in pages] == [
            newest_first[:3],
            newest_first[3:6],
            newest_first[6:],
        ]
        assert pages[0]["previous"] is None
        back = pos.get(pages[2]["previous"].split("/api/v1/")[1]).json()
        assert [row["message_id"] for row in back["results"]] == newest_first[3:6]

    @pytest.mark.parametrize("cursor", ["x", "K2FiYw==", "Kzk5OTk=", "é", "LTIwMjUtMDMtMDRfNQ=="])
    def test_a_forged_cursor_is_not_found(self, pos: Caller, cursor: str) -> None:
        assert pos.get(LOG, cursor=cursor).status_code == 404

    def test_fifty_entries_take_as_many_queries_as_two(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert pos.get(LOG).status_code == 200
            return len(captured)

        for _ in range(2):
            create_log_entry(customer)
        # The first call of a minute also records the last use of the key.
        queries()
        few = queries()
        for _ in range(48):
            create_log_entry(customer)

        assert queries() == few <= 6
        assert len(pos.get(LOG).json()["results"]) == 50

    @pytest.mark.parametrize("message_id", ["0" * 32, "7", "a%00b", "0" * 31 + "g"])
    def test_an_unknown_message_is_not_found(self, pos: Caller, message_id: str) -> None:
        assert pos.get(f"{LOG}/{message_id}").status_code == 404
        assert pos.get(f"{WAITING}/{message_id}").status_code == 404
        assert pos.post(f"{LOG}/{message_id}/send-again").status_code == 404


class TestOutbox:
    def test_the_outbox_lists_messages_oldest_first_with_their_last_error(
        self, pos: Caller, customer: Customer
    ) -> None:
        first, second = (
            create_waiting(customer, attempts=3, last_error="Segment does not answer."),
            create_waiting(customer, "Order Ready"),
        )

        response = pos.get(WAITING).json()["results"]

        assert [row["message_id"] for row in response] == ids(first, second)
        assert (response[0]["attempts"], response[0]["last_error"]) == (
            3,
            "Segment does not answer.",
        )
        assert pos.get(f"{WAITING}/{first.message_id}").json() == response[0]
        assert listed(pos, WAITING, event="Order Ready") == ids(second)
        assert listed(pos, WAITING, customer=str(customer.uuid), limit=1) == ids(first)

    def test_pages_lead_forward_and_back(self, pos: Caller, customer: Customer) -> None:
        rows = [create_waiting(customer) for _ in range(5)]

        first = pos.get(WAITING, limit=2).json()
        second = pos.get(first["next"].split("/api/v1/")[1]).json()
        third = pos.get(second["next"].split("/api/v1/")[1]).json()

        assert [
            [row["message_id"] for row in page["results"]] for page in (first, second, third)
        ] == [
            ids(*rows[:2]),
            ids(*rows[2:4]),
            ids(*rows[4:]),
        ]
        assert third["next"] is None
        assert (
            pos.get(second["previous"].split("/api/v1/")[1]).json()["results"] == first["results"]
        )

    def test_an_empty_page_leads_to_the_next_if_the_scan_reached_its_limit(
        self, pos: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from events.outbox import pages

        monkeypatch.setattr(pages, "OUTBOX_ROWS_SCANNED", 3)
        for _ in range(5):
            create_waiting(customer)
        ready = create_waiting(customer, "Order Ready")

        first = pos.get(WAITING, event="Order Ready", limit=2).json()
        assert first["results"] == []
        assert [
            row["message_id"]
            for row in pos.get(first["next"].split("/api/v1/")[1]).json()["results"]
        ] == ids(ready)


class TestResending:
    def test_one_message_is_sent_again_under_its_id_and_once(
        self, pos: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
    ) -> None:
        entry = create_log_entry(customer)
        assert pos.get(f"{LOG}/{entry.message_id}").json()["not_again"] == ""

        response = pos.post(f"{LOG}/{entry.message_id}/send-again")

        assert (response.status_code, response.json()) == (202, {"messages": 1})
        again = pos.post(f"{LOG}/{entry.message_id}/send-again")
        assert again.status_code == 409
        assert errors(again)[0].message.startswith("It was sent again")
        Delivery().run()
        assert [
            message["messageId"] for message in segment.accepted() if message["type"] == "track"
        ] == [entry.message_id]
        assert pos.get(f"{LOG}/{entry.message_id}").json()["outcome"] == "accepted"

    def test_an_accepted_message_is_not_sent_again(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        entry = create_log_entry(customer, outcome=Outcome.ACCEPTED)
        with nothing_written():
            response = pos.post(f"{LOG}/{entry.message_id}/send-again")
        assert response.status_code == 409
        assert errors(response)[0].message.startswith("Segment has this message.")

    def test_a_worker_sends_everything_that_matches_again(
        self, pos: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
    ) -> None:
        matching = [
            create_log_entry(customer, at=timezone.now() - timedelta(minutes=n)) for n in (2, 1)
        ]
        create_log_entry(customer, "Order Ready")

        response = pos.post(f"{LOG}/send-again", {"event": "Customer Visit", "outcome": "rejected"})

        assert (response.status_code, response.json()) == (202, {"messages": 2})
        run.run_jobs(timezone.now())
        Delivery().run()
        assert {
            message["messageId"] for message in segment.accepted() if message["type"] == "track"
        } == set(ids(*matching))

    def test_an_empty_filter_is_refused(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        create_log_entry(customer)
        response = pos.post(f"{LOG}/send-again")
        assert response.status_code == 400
        assert errors(response) == [
            ("required", None, "Give an outcome, an event, a day, a brand or a customer.")
        ]
        assert not Request.objects.exists()

    def test_nothing_is_sent_again_if_off_or_if_nothing_matches(
        self, pos: Caller, customer: Customer, integration: Integration
    ) -> None:
        create_log_entry(customer)
        assert pos.post(f"{LOG}/send-again", {"event": "Order Ready"}).status_code == 409
        integration.enabled = False
        integration.save()
        response = pos.post(f"{LOG}/send-again", {"outcome": "rejected"})
        assert response.status_code == 409
        assert "switched off" in errors(response)[0].message
        assert not Request.objects.exists()


class TestPermissions:
    def test_messages_of_another_business_are_not_found(
        self, other: Caller, customer: Customer, integration: Integration
    ) -> None:
        entry, row = create_log_entry(customer), create_waiting(customer)

        assert listed(other, LOG) == listed(other, WAITING) == []
        assert listed(other, LOG, search=entry.message_id) == []
        assert other.get(f"{LOG}/{entry.message_id}").status_code == 404
        assert other.get(f"{WAITING}/{row.message_id}").status_code == 404
        with nothing_written():
            assert other.post(f"{LOG}/{entry.message_id}/send-again").status_code == 404

    def test_a_driver_s_phone_and_the_website_may_not_read_messages(
        self, app: Caller, website: Caller
    ) -> None:
        assert [caller.get(LOG).status_code for caller in (app, website)] == [403, 403]
