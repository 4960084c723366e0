"""Unconfirmed messages on the first page, in the send log, and on the message's own page."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from customers.models import Customer
from events.models import Outcome, SendLog
from events.timeline.sentences import STATE_LABELS
from smrt_integration.admin.home.charts import STACKED_OUTCOMES
from smrt_integration.admin.messages.outcomes import OUTCOME_BADGES
from smrt_integration.admin.timeline.days import STATE_ICONS
from tests.admin.conftest import logged_in
from tests.events.log_entries import create_log_entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("integration")]
REASON = "No answer came, so Segment may have it."


@pytest.fixture
def entry(customer: Customer) -> SendLog:
    return create_log_entry(customer, outcome=Outcome.UNCONFIRMED, reason=REASON)


def read(user: User, address: str) -> str:
    response = logged_in(user).get(address)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", response.content.decode()))


def test_pages_say_that_segment_may_have_it(owner: User, entry: SendLog) -> None:
    home = read(owner, reverse("admin:index"))
    assert "0 expired, 1 unconfirmed (Segment may have them)." in home

    log = reverse("admin:events_sendlog_changelist")
    assert "Unconfirmed" in read(owner, f"{log}?outcome=unconfirmed")

    page = read(owner, reverse("admin:events_sendlog_change", args=[entry.pk]))
    assert f"Nobody knows whether Segment has this “Customer Visit”. {REASON}" in page
    assert "If it is not there, send it again" in page


def test_without_one_the_first_page_does_not_mention_them(owner: User) -> None:
    assert "nconfirmed" not in read(owner, reverse("admin:index"))


@pytest.mark.parametrize("outcome", Outcome.values)
def test_every_outcome_has_its_words_its_sign_and_its_part_of_the_chart(outcome: str) -> None:
    assert outcome in OUTCOME_BADGES
    assert outcome in STATE_LABELS
    assert outcome in STATE_ICONS
    assert outcome in STACKED_OUTCOMES
