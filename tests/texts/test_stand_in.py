"""The stand-in for Twilio: customers' phones on a page, from which they reply."""

from typing import Any

import pytest
from requests import Session

from customers.models import Customer, IncomingText, PickupRequest, TextSettings
from customers.texts import nightly
from tests.texts.conftest import NUMBER
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser() -> Session:
    session = Session()
    session.trust_env = False
    return session


def test_a_customer_replies_on_the_page(
    live_server: Any, settings: Any, customer: Customer, pickup: PickupRequest, browser: Session
) -> None:
    settings.PUBLIC_URL = live_server.url
    with TwilioStandIn(webhook=f"{live_server.url}/texts/incoming") as twilio:
        assert "No texts yet." in browser.get(twilio.url, timeout=10).text
        settings.TEXTS_BACKEND, settings.TWILIO_HOST = "TWILIO", twilio.url
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        nightly.run()
        page = browser.get(twilio.url, timeout=10).text
        assert "our van will come for your pickup tomorrow, Tuesday, November 24." in page
        assert f'name="phone" value="{customer.phone}"' in page

        form = {"phone": customer.phone, "number": NUMBER, "body": "No <thanks>"}
        page = browser.post(f"{twilio.url}/answer", form, timeout=10).text
        assert "No &lt;thanks&gt;" in page
        assert "Your pickup on Tuesday, November 24 is canceled. Thank you for telling us." in page
    pickup.refresh_from_db()
    assert (pickup.status, pickup.canceled_via) == ("canceled", "Text")


def test_the_stand_in_refuses_texts_without_the_account_s_credentials(
    twilio: TwilioStandIn, browser: Session
) -> None:
    address = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    text = {"To": "+14155550111", "From": NUMBER, "Body": "Hello"}
    for login in (None, (ACCOUNT, "wrong"), ("AC1", TOKEN)):
        response = browser.post(address, text, auth=login, timeout=10)
        assert (response.status_code, response.json()["code"]) == (401, 20003)
    assert twilio.texts() == []
    assert browser.post(address, text, auth=(ACCOUNT, TOKEN), timeout=10).status_code == 201
    assert len(twilio.texts()) == 1


def test_a_new_stand_in_does_not_repeat_the_ids_of_the_last(
    live_server: Any, settings: Any, customer: Customer, texting: TextSettings, browser: Session
) -> None:
    """`make run` keeps the records but not the phones: a repeated id would count as repeated."""
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN = live_server.url, TOKEN
    for customer_text in ("Stop", "Start"):
        with TwilioStandIn(webhook=f"{live_server.url}/texts/incoming") as twilio:
            form = {"phone": customer.phone, "number": NUMBER, "body": customer_text}
            assert browser.post(f"{twilio.url}/answer", form, timeout=10).ok
    assert list(IncomingText.objects.order_by("at").values_list("body", "outcome")) == [
        ("Stop", "stopped"),
        ("Start", "started"),
    ]


def test_the_stand_in_shows_remembered_texts_once(twilio: TwilioStandIn, browser: Session) -> None:
    nightly = {
        "sid": "SM1",
        "phone": "+14155550111",
        "number": NUMBER,
        "body": "Our van comes by tomorrow.",
    }
    customer_text = {
        "sid": "SM2",
        "phone": "+14155550111",
        "number": NUMBER,
        "body": "No",
        "theirs": True,
    }
    reply = {
        "sid": "SM2-reply",
        "phone": "+14155550111",
        "number": NUMBER,
        "body": "Canceled.",
        "reply_to": "SM2",
    }
    for _ in range(2):
        browser.post(
            f"{twilio.url}/remember", json=[nightly, customer_text, reply], timeout=10
        ).raise_for_status()
    assert [text.body for text in twilio.texts()] == ["Our van comes by tomorrow.", "Canceled."]
    assert twilio.send_calls() == 0
    page = browser.get(twilio.url, timeout=10).text
    assert (
        page.count("Our van comes by tomorrow.")
        == page.count("<p class=theirs>No</p>")
        == page.count("Canceled.")
        == 1
    )


def test_the_page_says_when_the_webhook_fails(
    live_server: Any, settings: Any, customer: Customer, texting: TextSettings, browser: Session
) -> None:
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN = live_server.url, "another"
    form = {"phone": customer.phone, "number": NUMBER, "body": "No"}
    with TwilioStandIn(webhook=f"{live_server.url}/texts/incoming") as twilio:
        response = browser.post(f"{twilio.url}/answer", form, timeout=10)
        assert (response.status_code, response.text) == (
            502,
            "The business's webhook answered 403.",
        )
    with TwilioStandIn(webhook="http://127.0.0.1:9/texts/incoming") as twilio:
        response = browser.post(f"{twilio.url}/answer", form, timeout=10)
        assert (response.status_code, response.text) == (
            502,
            "The business's webhook did not answer.",
        )
        assert "<p class=theirs>No</p>" in browser.get(twilio.url, timeout=10).text
    assert not IncomingText.objects.exists()
