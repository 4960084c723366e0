"""A business that texts its customers, a pickup tomorrow, and Twilio's stand-in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from customers.models import Business, Customer, NightlyText, PickupRequest, TextSettings
from tests.events.conftest import business, customer, integration
from tests.factories import PickupRequestFactory
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn

__all__ = ["business", "customer", "integration"]

NUMBER = "+15105550100"
EVENING = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
"""Half past six in the evening of Monday, 23 November 2026, in San Francisco."""


@pytest.fixture(scope="session")
def twilio_stand_in() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def twilio(twilio_stand_in: TwilioStandIn, settings: Any) -> TwilioStandIn:
    """Reset the stand-in, and let this process send its texts there."""
    twilio_stand_in.reset()
    settings.TEXTS_BACKEND, settings.TWILIO_HOST = "TWILIO", twilio_stand_in.url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    return twilio_stand_in


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the clock in the evening. Tests move it."""
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _evening(clock: time_machine.Traveller) -> None:
    """Stop the clock before any other fixture reads it."""


@pytest.fixture(autouse=True)
def _no_limit_of_a_number(settings: Any) -> None:
    """Let a number send all texts of a test at once: the clock stands still."""
    settings.TEXTS_PER_SECOND = 1_000


@pytest.fixture
def texting(business: Business) -> TextSettings:
    return TextSettings.objects.create(business=business, enabled=True, number=NUMBER)


@pytest.fixture
def pickup(customer: Customer, texting: TextSettings) -> PickupRequest:
    """A pickup tomorrow."""
    return PickupRequestFactory.create(customer=customer)


def statuses() -> list[tuple[str, str]]:
    """Return each text's status and reason, in the order of their pickups."""
    return list(NightlyText.objects.order_by("pickup_id").values_list("status", "reason"))
