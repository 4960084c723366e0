"""The owner's pages about texts."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from customers.models import Business, Customer, IncomingText, NightlyText, TextSettings
from customers.texts import nightly
from tests.admin.conftest import logged_in, other_business, other_owner, owner, support
from tests.factories import (
    BusinessFactory,
    IncomingTextFactory,
    NightlyTextFactory,
    TextSettingsFactory,
)
from tests.texts.conftest import NUMBER, statuses
from tests.twilio import TwilioStandIn

__all__ = ["other_business", "other_owner", "owner", "support"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> None:
    settings.WHITENOISE_AUTOREFRESH = True


def logged_in_with_permissions(user: User) -> Client:
    """Log in with the permissions that owners have."""
    names = [
        f"{action}_{model}"
        for model in ("textsettings", "nightlytext", "incomingtext")
        for action in ("add", "change", "view")
    ]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return logged_in(user)


def page(model: type[Any], name: str, *args: Any) -> str:
    return reverse(f"admin:customers_{model._meta.model_name}_{name}", args=args)


def form_values(**values: Any) -> dict[str, Any]:
    return {
        "enabled": "on",
        "number": "(510) 555-0100",
        "hour": "18",
        "van_leaves": "8",
        "language": "en",
        "wording": "",
    } | values


def test_an_owner_sets_up_texts(owner: User, business: Business, settings: Any) -> None:
    settings.TEXTS_BACKEND = "TWILIO"
    client = logged_in_with_permissions(owner)
    response = client.post(
        page(TextSettings, "add"),
        form_values(business=business.pk, hour="19", also_understood=["es", "de"]),
    )
    assert response.status_code == 302, response.context["adminform"].form.errors
    saved = TextSettings.objects.get()
    assert (saved.business, saved.number, saved.hour, saved.also_understood) == (
        business,
        NUMBER,
        19,
        ["es", "de"],
    )
    html = client.get(page(TextSettings, "change", saved.pk)).content.decode()
    assert "Switched on. Texts are sent at 7:00 PM." in html
    assert "http://127.0.0.1:8000/texts/incoming" in html, "the webhook to set in Twilio"
    assert (
        f"{business.name}: Ann, our van will come for your pickup tomorrow, Tuesday, November 24."
        in html
    )


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        (
            {"number": ""},
            {"number": ["Enter your Twilio number, or switch texts off."]},
        ),
        ({"number": "12"}, {"number": ["12 is not a possible phone number."]}),
        (
            {"hour": "22"},
            {"hour": ["Select a valid choice. 22 is not one of the available choices."]},
        ),
        (
            {"hour": "8"},
            {"hour": ["Select a valid choice. 8 is not one of the available choices."]},
        ),
        (
            {"wording": "Hi {first}"},
            {"wording": ["We cannot fill in {first}. You may use {name}, {day}, {business}."]},
        ),
        ({"own_no": "Stop"}, {"own_no": ['"stop" already means Stop.']}),
        ({"own_no": "later", "own_start": "Later!"}, {"own_start": ['"later" already means No.']}),
    ],
)
def test_invalid_settings_are_refused_with_a_sentence(
    owner: User, business: Business, values: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = logged_in_with_permissions(owner).post(
        page(TextSettings, "add"), form_values(business=business.pk, **values)
    )
    assert response.status_code == 200
    assert response.context["adminform"].form.errors == errors
    assert not TextSettings.objects.exists()


def test_a_number_belongs_to_one_business(owner: User, business: Business) -> None:
    TextSettingsFactory.create(business=BusinessFactory.create(), number=NUMBER)
    response = logged_in_with_permissions(owner).post(
        page(TextSettings, "add"), form_values(business=business.pk)
    )
    assert "Another business already uses this number" in str(
        response.context["adminform"].form.errors
    )
    assert TextSettings.objects.count() == 1


def test_several_businesses_may_have_no_number() -> None:
    TextSettingsFactory.create(number="", enabled=False)
    TextSettingsFactory.create(number="", enabled=False)
    assert TextSettings.objects.count() == 2


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (
            "account",
            "Twilio refuses our account. Please contact support.",
        ),
        (
            "number",
            "Twilio refuses to send from this number. Check that it is your number at Twilio.",
        ),
    ],
)
def test_a_problem_is_shown_in_words(
    owner: User, texting: TextSettings, problem: str, sentence: str
) -> None:
    TextSettings.objects.update(problem=problem)
    assert f"No texts are being sent. {sentence} We try again every 15 minutes." in (
        logged_in_with_permissions(owner)
        .get(page(TextSettings, "change", texting.pk))
        .content.decode()
    )


def test_saving_tries_again_at_once(
    owner: User, texting: TextSettings, twilio: TwilioStandIn, pickup: Any
) -> None:
    twilio.fault(400, error=21606)
    nightly.run()
    assert statuses() == [("waiting", "number")]
    logged_in_with_permissions(owner).post(page(TextSettings, "change", texting.pk), form_values())
    assert nightly.run() == {"sent": 1}


def test_a_missing_connection_to_twilio_is_shown(owner: User, texting: TextSettings) -> None:
    html = (
        logged_in_with_permissions(owner)
        .get(page(TextSettings, "change", texting.pk))
        .content.decode()
    )
    assert "no texts are sent: the connection to Twilio is not set up." in html


def test_an_owner_reads_a_reply_and_marks_it_as_done(owner: User, customer: Customer) -> None:
    client = logged_in_with_permissions(owner)
    text = IncomingTextFactory.create(customer=customer, body="When do you open?")
    assert "When do you open?" in client.get(page(IncomingText, "changelist")).content.decode()
    action = {"action": "mark_as_done", "_selected_action": [text.pk]}
    assert client.post(page(IncomingText, "changelist"), action).status_code == 302
    text.refresh_from_db()
    assert text.handled is True
    assert client.post(page(IncomingText, "change", text.pk), {"body": "Other"}).status_code == 403


def test_the_reason_why_a_text_was_not_sent_is_shown(owner: User, customer: Customer) -> None:
    text = NightlyTextFactory.create(customer=customer, status="refused", reason="unsubscribed")
    html = (
        logged_in_with_permissions(owner).get(page(NightlyText, "change", text.pk)).content.decode()
    )
    assert "Twilio refused it: the customer has opted out of texts from your number." in html


def test_the_owner_of_another_business_sees_nothing(
    other_owner: User, customer: Customer, texting: TextSettings
) -> None:
    client = logged_in_with_permissions(other_owner)
    incoming, sent = (
        IncomingTextFactory.create(customer=customer),
        NightlyTextFactory.create(customer=customer),
    )
    for row in (texting, incoming, sent):
        model = type(row)
        assert client.get(page(model, "changelist")).context["cl"].result_list.count() == 0
        assert client.get(page(model, "change", row.pk)).status_code == 302
    client.post(
        page(IncomingText, "changelist"),
        {"action": "mark_as_done", "_selected_action": [incoming.pk]},
    )
    client.post(page(TextSettings, "change", texting.pk), form_values(hour="20"))
    incoming.refresh_from_db()
    texting.refresh_from_db()
    assert (incoming.handled, texting.hour) == (False, 18)
