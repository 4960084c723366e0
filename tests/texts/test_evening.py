"""An evening with the real programs, from beat's tick to a cancellation in Segment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from requests import Session

from customers.models import Customer, IncomingText, PickupRequest, TextSettings
from devtools.twilio_stub.texts_api import signature
from events.models import Integration
from tests.browser.sending import wait_for_the_worker
from tests.conftest import WRITE_KEY
from tests.factories import PickupRequestFactory
from tests.segment import SegmentStandIn
from tests.texts.conftest import NUMBER
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.web import Web
from tests.workers import Beat, Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TWILIO = {"TEXTS_BACKEND": "twilio", "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}


@pytest.fixture
def clock() -> None:
    """The real clock, which the real programs have too."""


def zone_where_it_is_three_in_the_afternoon() -> str:
    """Return such a zone. In these names the sign is reversed: Etc/GMT+8 is UTC-8."""
    ahead = (15 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"


@pytest.fixture
def web(transactional_db: None) -> Iterator[Web]:
    web = Web({**TWILIO})
    yield web
    web.kill()


@pytest.fixture
def phones(web: Web) -> Iterator[TwilioStandIn]:
    with TwilioStandIn(webhook=f"{web.url}/texts/incoming") as phones:
        yield phones


@pytest.fixture
def tomorrow(customer: Customer) -> PickupRequest:
    business = customer.business
    business.time_zone = zone_where_it_is_three_in_the_afternoon()
    business.save()
    TextSettings.objects.create(business=business, enabled=True, number=NUMBER, hour=13)
    return PickupRequestFactory.create(customer=customer)


def report_at_once(web: Web, form: dict[str, str], times: int) -> list[str]:
    """Report one text several times at the same time, as Twilio may."""
    address = f"{web.url}/texts/incoming"

    def post(_: int) -> str:
        with Session() as http:
            http.trust_env = False
            response = http.post(
                address, form, headers={"X-Twilio-Signature": signature(address, form)}, timeout=20
            )
        assert response.status_code == 200, response.text
        return "".join(ET.fromstring(response.content).itertext())

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(post, range(times)))


def test_a_text_is_sent_and_a_no_to_it_reaches_segment(
    web: Web,
    phones: TwilioStandIn,
    start_worker: Callable[..., Worker],
    start_beat: Callable[[], Beat],
    segment: SegmentStandIn,
    integration: Integration,
    tomorrow: PickupRequest,
) -> None:
    customer = tomorrow.customer
    start_worker(**TWILIO, TWILIO_HOST=phones.url)
    start_beat()
    wait_until(phones.texts, "the customer got the text", 40)
    assert [(text.to, text.sender) for text in phones.texts()] == [(customer.phone, NUMBER)]

    form = {
        "MessageSid": "SM" + 32 * "7",
        "From": customer.phone,
        "To": NUMBER,
        "Body": "No thanks!",
        "NumMedia": "0",
    }
    replies = report_at_once(web, form, 4)

    assert len(set(replies)) == 1
    assert replies[0].endswith("is canceled. Thank you for telling us.")
    tomorrow.refresh_from_db()
    assert (tomorrow.status, tomorrow.canceled_via, IncomingText.objects.count()) == (
        "canceled",
        "Text",
        1,
    )

    def canceled_pickups() -> list[dict[str, Any]]:
        return [
            one["properties"]
            for one in segment.accepted(WRITE_KEY)
            if one.get("event") == "Customer Canceled Pickup"
        ]

    wait_for_the_worker(canceled_pickups, "Segment got it")
    assert canceled_pickups() == [
        {"canceled_via": "Text", "pickup_date": tomorrow.pickup_date.isoformat()}
    ]
    identifies = [one["traits"] for one in segment.accepted(WRITE_KEY) if one["type"] == "identify"]
    assert identifies[-1]["isMobile"] is True
    assert len(phones.texts()) == 1


def test_stop_on_the_customer_s_own_phone_reaches_segment(
    phones: TwilioStandIn,
    start_worker: Callable[..., Worker],
    segment: SegmentStandIn,
    integration: Integration,
    tomorrow: PickupRequest,
) -> None:
    """The stand-in's page calls the web server as Twilio would."""
    start_worker(**TWILIO, TWILIO_HOST=phones.url)
    with Session() as browser:
        browser.trust_env = False
        form = {"phone": tomorrow.customer.phone, "number": NUMBER, "body": "STOP"}
        assert (
            "You will get no more texts from"
            in browser.post(f"{phones.url}/answer", form, timeout=20).text
        )

    def wants_texts() -> list[bool]:
        return [
            one["traits"]["receiveTexts"]
            for one in segment.accepted(WRITE_KEY)
            if one["type"] == "identify"
        ]

    wait_for_the_worker(lambda: wants_texts()[-1:] == [False], "Segment got it")
