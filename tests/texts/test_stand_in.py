"""The stand-in for Twilio: customers' phones on a page, from which they answer."""

from typing import Any

import pytest
from requests import Session

from customers.models import Customer, PickupRequest
from customers.texts import nightly
from tests.texts.conftest import NUMBER
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser() -> Session:
    session = Session()
    session.trust_env = False
    return session


def test_a_customer_answers_on_the_page(
    live_server: Any, settings: Any, customer: Customer, pickup: PickupRequest, browser: Session
) -> None:
    settings.PUBLIC_URL = live_server.url
    with TwilioStandIn(webhook=f"{live_server.url}/texts/incoming") as twilio:
        assert "No texts yet." in browser.get(twilio.url, timeout=10).text
        settings.TEXTS_BACKEND, settings.TWILIO_HOST = "TWILIO", twilio.url
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        nightly.run()
        page = browser.get(twilio.url, timeout=10).text
        assert "our van comes by for your pickup tomorrow, Tuesday, 24 November." in page
        assert f'name="phone" value="{customer.phone}"' in page

        form = {"phone": customer.phone, "number": NUMBER, "body": "No <thanks>"}
        page = browser.post(f"{twilio.url}/answer", form, timeout=10).text
        assert "No &lt;thanks&gt;" in page
        assert "Your pickup on Tuesday, 24 November is canceled. Thank you for letting us know." in page
    pickup.refresh_from_db()
    assert (pickup.status, pickup.canceled_via) == ("canceled", "Text")


def test_it_takes_no_text_from_who_has_not_the_account(twilio: TwilioStandIn, browser: Session) -> None:
    address = f"{twilio.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    text = {"To": "+14155550111", "From": NUMBER, "Body": "Hello"}
    for login in (None, (ACCOUNT, "wrong"), ("AC1", TOKEN)):
        response = browser.post(address, text, auth=login, timeout=10)
        assert (response.status_code, response.json()["code"]) == (401, 20003)
    assert twilio.texts() == []
    assert browser.post(address, text, auth=(ACCOUNT, TOKEN), timeout=10).status_code == 201
    assert len(twilio.texts()) == 1
