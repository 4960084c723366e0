"""The integration page: what it shows, saves and refuses; it never shows the write key."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.signals import got_request_exception
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.views.debug import SafeExceptionReporterFilter

from customers.models import Business, Customer, Membership
from events.catalogue import EVENTS
from events.lanes import lane_control
from events.models import Integration, Lane, SwitchChange
from smrt_integration.admin.integration.form import switch_name
from tests.admin.conftest import logged_in
from tests.admin.forms import form_values
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import add_visits
from tests.events.outbox_rows import nothing_written
from tests.factories import BusinessFactory, CustomFieldFactory

pytestmark = pytest.mark.django_db
OTHER_KEY = "Z" * 32
LIST = reverse("admin:events_integration_changelist")


def page(business: Business) -> str:
    return reverse("admin:events_integration_change", args=[business.pk])


def text(response: Any) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def opened(client: Client, business: Business) -> dict[str, Any]:
    """Return the values of the form."""
    response = client.get(page(business))
    assert response.status_code == 200
    return form_values(text(response), "integration_form")


def changed(form: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the form's values with changes; None switches off."""
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def saved(client: Client, business: Business, **changes: Any) -> Any:
    return client.post(page(business), changed(opened(client, business), **changes), follow=True)


@pytest.fixture
def office(owner: User) -> Client:
    return logged_in(owner)


class TestGettingThere:
    def test_an_owner_of_one_business_is_led_to_its_page(
        self, office: Client, business: Business
    ) -> None:
        assert office.get(LIST).headers["Location"] == page(business)

    def test_the_page_of_a_business_that_has_no_settings_yet_opens_and_writes_nothing(
        self, office: Client, business: Business
    ) -> None:
        response = office.get(page(business))
        assert "Switched off. Nothing is recorded and nothing is sent." in text(response)
        assert not Integration.objects.exists()
        assert not Lane.objects.exists()

    def test_its_first_save_makes_them(self, office: Client, business: Business) -> None:
        saved(office, business, enabled="on", write_key=WRITE_KEY)
        made = Integration.objects.get()
        assert (made.business, made.enabled, made.write_key, made.muted) == (
            business,
            True,
            WRITE_KEY,
            [],
        )
        assert Lane.objects.get().stopped == ""
        assert list(SwitchChange.objects.values_list("event", "on")) == [("", True)]

    def test_an_owner_of_several_sees_the_status_of_each(
        self, office: Client, owner: User, integration: Integration
    ) -> None:
        second = BusinessFactory.create(name="Second Cleaners")
        owner.memberships.create(business=second, role="owner")
        listed = text(office.get(LIST))
        assert "Nothing has been sent yet: no event has happened since" in listed
        assert f'href="{page(second)}"' in listed

    def test_another_business_s_page_is_as_one_that_does_not_exist(
        self, office: Client, other_business: Business
    ) -> None:
        Integration.objects.create(business=other_business)
        for name in ("change", "waiting", "preview", "history"):
            answers = [
                office.get(reverse(f"admin:events_integration_{name}", args=[pk]))
                for pk in (other_business.pk, 10**9)
            ]
            assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [
                (302, "/admin/")
            ] * 2
        with nothing_written():
            for name in ("change", "waiting", "test"):
                response = office.post(
                    reverse(f"admin:events_integration_{name}", args=[other_business.pk]),
                    {"enabled": "on"},
                )
                assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
        assert not Integration.objects.get().enabled

    def test_there_is_none_to_add_or_delete(self, office: Client, integration: Integration) -> None:
        assert office.get(reverse("admin:events_integration_add")).status_code == 403
        assert (
            office.post(
                reverse("admin:events_integration_delete", args=[integration.pk]), {"post": "yes"}
            ).status_code
            == 403
        )
        assert Integration.objects.exists()

    def test_a_helper_reads_and_changes_nothing(
        self, helper: User, integration: Integration
    ) -> None:
        client = logged_in(helper)
        response = client.get(page(integration.business))
        assert "Nothing has been sent yet" in text(response)
        assert [
            name
            for name in form_values(text(response), "integration_form")
            if name != "csrfmiddlewaretoken" and "initial" not in name
        ] == []
        assert "Send a test event" not in text(response)
        assert 'name="_save"' not in text(response)
        for name in ("change", "waiting", "test"):
            assert (
                client.post(
                    reverse(f"admin:events_integration_{name}", args=[integration.pk])
                ).status_code
                == 403
            )
        integration.refresh_from_db()
        assert integration.enabled

    def test_an_owner_of_another_business_who_helps_here_cannot_save(
        self, owner: User, other_business: Business
    ) -> None:
        Membership.objects.create(user=owner, business=other_business, role="helper")
        client = logged_in(owner)
        form = opened(client, other_business)
        assert (
            client.post(
                page(other_business), changed(form, enabled="on", write_key=WRITE_KEY)
            ).status_code
            == 403
        )
        assert not Integration.objects.exists()


class TestTheWriteKey:
    def test_is_shown_as_its_end(self, office: Client, integration: Integration) -> None:
        assert f"The current key ends in {WRITE_KEY[-4:]}." in text(
            office.get(page(integration.business))
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"write_key": OTHER_KEY},
            {"write_key": OTHER_KEY, "weekly_limit": "0"},
            {"write_key": OTHER_KEY + "-"},
        ],
    )
    def test_is_in_no_answer_and_no_history(
        self, office: Client, integration: Integration, changes: dict[str, str]
    ) -> None:
        form = opened(office, integration.business)
        answers = [office.post(page(integration.business), changed(form, **changes), follow=True)]
        answers += [
            office.get(page(integration.business)),
            office.get(reverse("admin:events_integration_history", args=[integration.pk])),
        ]
        told = [*map(text, answers), *LogEntry.objects.values_list("change_message", flat=True)]
        assert [
            secret for secret in (WRITE_KEY, OTHER_KEY) if any(secret in one for one in told)
        ] == []

    def test_is_kept_when_none_is_entered(self, office: Client, integration: Integration) -> None:
        saved(office, integration.business, region="eu")
        integration.refresh_from_db()
        assert (integration.write_key, integration.region, integration.enabled) == (
            WRITE_KEY,
            "eu",
            True,
        )

    def test_that_cannot_be_read_any_more_keeps_nobody_from_switching_off(
        self, office: Client, integration: Integration, settings: Any
    ) -> None:
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        form = opened(office, integration.business)
        response = office.post(page(integration.business), changed(form, region="eu"))
        assert (
            "The stored write key cannot be read any more. Copy it from Segment and enter it again."
            in text(response)
        )
        office.post(page(integration.business), changed(form, enabled=None))
        assert Integration.objects.defer("write_key").get().enabled is False
        saved(office, integration.business, enabled="on", write_key=OTHER_KEY)
        assert (Integration.objects.get().write_key, Integration.objects.get().enabled) == (
            OTHER_KEY,
            True,
        )


class TestSaving:
    def test_an_event_that_is_switched_off_is_muted_and_the_others_stay(
        self, office: Client, integration: Integration
    ) -> None:
        saved(office, integration.business, send_order_ready=None, send_customer_lost=None)
        integration.refresh_from_db()
        assert integration.muted == ["Order Ready", "Customer Lost"]
        saved(office, integration.business, send_order_ready="on")
        integration.refresh_from_db()
        assert integration.muted == ["Customer Lost"]

    def test_every_event_has_a_switch_with_its_explanation(
        self, office: Client, integration: Integration
    ) -> None:
        form = office.get(page(integration.business)).context["adminform"].form
        switches = [field for fields in form.groups().values() for field in fields]
        assert sorted((s.label, s.help_text) for s in switches) == sorted(
            (event.name, event.sent_when) for event in EVENTS
        )

    def test_two_people_at_once_keep_each_other_s_changes(
        self, office: Client, integration: Integration, support: User
    ) -> None:
        mine, theirs = (
            opened(office, integration.business),
            opened(logged_in(support), integration.business),
        )
        logged_in(support).post(
            page(integration.business),
            changed(theirs, region="eu", weekly_limit="20", send_order_ready=None),
        )
        office.post(
            page(integration.business),
            changed(mine, send_customer_visit=None, birthday_hour="7"),
        )
        integration.refresh_from_db()
        assert (integration.region, integration.weekly_limit, integration.birthday_hour) == (
            "eu",
            20,
            7,
        )
        assert integration.muted == ["Order Ready", "Customer Visit"]

    def test_two_people_who_change_the_same_choose(
        self, office: Client, integration: Integration, support: User
    ) -> None:
        mine = opened(office, integration.business)
        saved(logged_in(support), integration.business, weekly_limit="20", write_key=OTHER_KEY)
        response = office.post(
            page(integration.business), changed(mine, weekly_limit="21", write_key="k" * 32)
        )
        assert "Stored now: <strong" in text(response)
        assert OTHER_KEY not in text(response)
        integration.refresh_from_db()
        assert (integration.weekly_limit, integration.write_key) == (20, OTHER_KEY)

    def test_a_form_opened_before_it_was_switched_off_does_not_switch_it_on_again(
        self, office: Client, integration: Integration
    ) -> None:
        old = opened(office, integration.business)
        saved(office, integration.business, enabled=None)
        office.post(page(integration.business), changed(old, region="eu"))
        integration.refresh_from_db()
        assert (integration.enabled, integration.region) == (False, "eu")

    def test_the_history_names_the_fields_that_were_changed(
        self, office: Client, integration: Integration
    ) -> None:
        saved(office, integration.business, write_key=OTHER_KEY, send_order_ready=None)
        assert LogEntry.objects.get().get_change_message() == "Changed Write key and Order Ready."

    @pytest.mark.parametrize(
        ("changes", "field", "said"),
        [
            (
                {"write_key": "tooshort"},
                "write_key",
                "A write key is 32 letters and digits. Copy it from Segment: Connections > Sources",
            ),
            (
                {"region": "mars"},
                "region",
                "Select a valid choice. mars is not one of the available choices.",
            ),
            (
                {"birthday_hour": "24"},
                "birthday_hour",
                "Select a valid choice. 24 is not one of the available choices.",
            ),
            (
                {"weekly_limit": "0"},
                "weekly_limit",
                "Ensure this value is greater than or equal to 1.",
            ),
            ({"retention_months": "x"}, "retention_months", "Enter a whole number."),
        ],
    )
    def test_an_error_names_the_field_and_changes_nothing(
        self,
        office: Client,
        integration: Integration,
        changes: dict[str, str],
        field: str,
        said: str,
    ) -> None:
        before = Integration.objects.values().get()
        response = saved(
            office, integration.business, enabled=None, send_order_ready=None, **changes
        )
        errors = response.context["adminform"].form.errors
        assert list(errors) == [field]
        assert errors[field][0].startswith(said)
        assert "Nothing was saved" in text(response)
        assert f'href="#id_{field}"' in text(response)
        assert f'id="id_{field}"' in text(response)
        assert Integration.objects.values().get() == before
        assert SwitchChange.objects.count() == 1

    def test_switching_on_without_a_key_is_refused(
        self, office: Client, business: Business
    ) -> None:
        response = saved(office, business, enabled="on")
        assert "Enter the write key of your Segment source before you switch on." in text(response)
        assert not Integration.objects.exists()

    def test_the_business_cannot_be_changed(
        self, office: Client, integration: Integration, other_business: Business
    ) -> None:
        form = opened(office, integration.business)
        office.post(
            page(integration.business), changed(form, business=str(other_business.pk), region="eu")
        )
        assert list(Integration.objects.values_list("business_id", "region")) == [
            (integration.business_id, "eu")
        ]


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """Several people press Save at once."""

    @staticmethod
    def press(client: Client, business: Business, forms: list[dict[str, Any]]) -> list[int]:
        start = Barrier(len(forms))

        def one(form: dict[str, Any]) -> int:
            start.wait()
            try:
                own = Client()
                own.cookies = client.cookies
                return own.post(page(business), form).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(len(forms)) as people:
            return list(people.map(one, forms))

    def test_each_change_is_kept(self, office: Client, integration: Integration) -> None:
        form = opened(office, integration.business)
        forms = [changed(form, **{switch_name(event): None}) for event in EVENTS[:6]]
        assert self.press(office, integration.business, forms) == [302] * 6
        integration.refresh_from_db()
        assert integration.muted == [event.name for event in EVENTS[:6]]
        assert sorted(
            SwitchChange.objects.exclude(event="").values_list("event", flat=True)
        ) == sorted(integration.muted)

    def test_the_first_settings_of_a_business_are_made_once(
        self, office: Client, business: Business
    ) -> None:
        form = opened(office, business)
        assert (
            self.press(
                office, business, [changed(form, region="eu"), changed(form, send_order_ready=None)]
            )
            == [302] * 2
        )
        made = Integration.objects.get()
        assert (made.region, made.muted) == ("eu", ["Order Ready"])


def test_a_report_of_a_failure_holds_no_key(
    office: Client, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> None:
        raise ZeroDivisionError

    form = changed(opened(office, integration.business), write_key=OTHER_KEY)
    monkeypatch.setattr(lane_control, "resume", fails)
    reported: list[Any] = []
    got_request_exception.connect(
        lambda sender, request, **kwargs: reported.append(request),
        weak=False,
        dispatch_uid="reported",
    )
    try:
        with pytest.raises(ZeroDivisionError):
            office.post(page(integration.business), form)
    finally:
        got_request_exception.disconnect(dispatch_uid="reported")
    (request,) = reported
    assert (
        SafeExceptionReporterFilter().get_post_parameters(request)["write_key"]
        == SafeExceptionReporterFilter.cleansed_substitute
    )
    integration.refresh_from_db()
    assert integration.write_key == WRITE_KEY


class TestBirthdays:
    def test_can_be_chosen_from_the_business_s_own_date_fields(
        self, office: Client, integration: Integration
    ) -> None:
        own = CustomFieldFactory.create(business=integration.business, birthday=True)
        others = [
            CustomFieldFactory.create(business=integration.business),
            CustomFieldFactory.create(birthday=True),
        ]
        choices = (
            office.get(page(integration.business))
            .context["adminform"]
            .form.fields["birthday_field"]
            .queryset
        )
        assert list(choices) == [own]
        for field in others:
            response = saved(office, integration.business, birthday_field=str(field.pk))
            assert "Choose one of your custom fields that hold a date." in text(response)
        saved(office, integration.business, birthday_field=str(own.pk))
        integration.refresh_from_db()
        assert integration.birthday_field == own
        assert integration.birthday_field_since is not None

    def test_without_a_date_field_the_page_says_how_to_make_one(
        self, office: Client, integration: Integration
    ) -> None:
        assert "To send birthdays, create a field of the kind “Date”" in text(
            office.get(page(integration.business))
        )
        saved(office, integration.business, region="eu")
        integration.refresh_from_db()
        assert (integration.region, integration.birthday_field, integration.birthday_hour) == (
            "eu",
            None,
            9,
        )

    def test_are_sent_on_the_business_s_clock(
        self, office: Client, integration: Integration
    ) -> None:
        CustomFieldFactory.create(business=integration.business, birthday=True)
        assert "in your time zone (America/Los_Angeles)" in text(
            office.get(page(integration.business))
        )


def test_the_status_says_what_is_wrong_and_what_to_do(
    office: Client, integration: Integration, customer: Customer
) -> None:
    Lane.objects.update(
        stopped="Segment refused the write key. Copy it from Segment again and save it here.",
        stopped_at=timezone.now(),
    )
    answer = text(office.get(page(integration.business)))
    assert ": Segment refused the write key." in answer
    assert "Copy it from Segment again and save it here." in answer
    assert "Resume" in answer


def test_the_page_takes_as_many_queries_for_many_waiting_as_for_few(
    office: Client, integration: Integration, customer: Customer
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(page(integration.business)).status_code == 200
        return len(captured)

    add_visits(1, customer)
    queries()
    few = queries()
    add_visits(500, customer)
    saved(office, integration.business, send_order_ready=None, send_order_created=None)
    assert queries() == few
