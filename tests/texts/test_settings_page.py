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


def permitted(user: User) -> Client:
    """With the permissions that owners have."""
    names = [
        f"{action}_{model}"
        for model in ("textsettings", "nightlytext", "incomingtext")
        for action in ("add", "change", "view")
    ]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return logged_in(user)


def page(model: type[Any], name: str, *args: Any) -> str:
    return reverse(f"admin:customers_{model._meta.model_name}_{name}", args=args)


def filled_in(**values: Any) -> dict[str, Any]:
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
    client = permitted(owner)
    response = client.post(
        page(TextSettings, "add"),
        filled_in(business=business.pk, hour="19", also_understood=["es", "de"]),
    )
    assert response.status_code == 302, response.context["adminform"].form.errors
    made = TextSettings.objects.get()
    assert (made.business, made.number, made.hour, made.also_understood) == (
        business,
        NUMBER,
        19,
        ["es", "de"],
    )
    shown = client.get(page(TextSettings, "change", made.pk)).content.decode()
    assert "Switched on. Texts are sent at 19:00." in shown
    assert "http://127.0.0.1:8000/texts/incoming" in shown, "what is to be entered at Twilio"
    assert (
        f"{business.name}: Ann, our van will come for your pickup tomorrow, Tuesday, November 24."
        in shown
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
def test_what_cannot_work_is_refused_with_a_sentence(
    owner: User, business: Business, values: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = permitted(owner).post(
        page(TextSettings, "add"), filled_in(business=business.pk, **values)
    )
    assert response.status_code == 200
    assert response.context["adminform"].form.errors == errors
    assert not TextSettings.objects.exists()


def test_a_number_belongs_to_one_business(owner: User, business: Business) -> None:
    TextSettingsFactory.create(business=BusinessFactory.create(), number=NUMBER)
    response = permitted(owner).post(page(TextSettings, "add"), filled_in(business=business.pk))
    assert "Another business already uses this number" in str(
        response.context["adminform"].form.errors
    )
    assert TextSettings.objects.count() == 1


def test_businesses_without_a_number_do_not_disturb_each_other() -> None:
    TextSettingsFactory.create(number="", enabled=False)
    TextSettingsFactory.create(number="", enabled=False)
    assert TextSettings.objects.count() == 2


@pytest.mark.parametrize(
    ("problem", "shown"),
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
def test_a_problem_is_told_in_words(
    owner: User, texting: TextSettings, problem: str, shown: str
) -> None:
    TextSettings.objects.update(problem=problem)
    assert f"No texts are being sent. {shown} We try again every 15 minutes." in (
        permitted(owner).get(page(TextSettings, "change", texting.pk)).content.decode()
    )


def test_saving_tries_again_at_once(
    owner: User, texting: TextSettings, twilio: TwilioStandIn, pickup: Any
) -> None:
    twilio.fault(400, error=21606)
    nightly.run()
    assert statuses() == [("waiting", "number")]
    permitted(owner).post(page(TextSettings, "change", texting.pk), filled_in())
    assert nightly.run() == {"sent": 1}


def test_an_installation_without_twilio_says_so(owner: User, texting: TextSettings) -> None:
    shown = permitted(owner).get(page(TextSettings, "change", texting.pk)).content.decode()
    assert "no texts are sent: the connection to Twilio is not set up." in shown


def test_an_owner_reads_what_customers_answered_and_marks_it_as_handled(
    owner: User, customer: Customer
) -> None:
    client = permitted(owner)
    text = IncomingTextFactory.create(customer=customer, body="When do you open?")
    assert "When do you open?" in client.get(page(IncomingText, "changelist")).content.decode()
    action = {"action": "mark_as_done", "_selected_action": [text.pk]}
    assert client.post(page(IncomingText, "changelist"), action).status_code == 302
    text.refresh_from_db()
    assert text.handled is True
    assert client.post(page(IncomingText, "change", text.pk), {"body": "Other"}).status_code == 403


def test_why_a_text_was_not_sent_is_told_in_words(owner: User, customer: Customer) -> None:
    text = NightlyTextFactory.create(customer=customer, status="refused", reason="unsubscribed")
    shown = permitted(owner).get(page(NightlyText, "change", text.pk)).content.decode()
    assert "Twilio refused it: the customer has opted out of texts from your number." in shown


def test_the_owner_of_another_business_sees_none_of_it(
    other_owner: User, customer: Customer, texting: TextSettings
) -> None:
    client = permitted(other_owner)
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
    client.post(page(TextSettings, "change", texting.pk), filled_in(hour="20"))
    incoming.refresh_from_db()
    texting.refresh_from_db()
    assert (incoming.handled, texting.hour) == (False, 18)
