"""The groups of owners and helpers: what they may do, and who is in them."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.management.sql import emit_post_migrate_signal

from customers.models import Business, Membership
from customers.roles import GROUPS
from tests.factories import BusinessFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
OWNER, HELPER = Membership.Role.OWNER, Membership.Role.HELPER
OWNERS, HELPERS = GROUPS[OWNER], GROUPS[HELPER]
RECORDS = (
    *(
        "agent",
        "brand",
        "customer",
        "customergroup",
        "customfield",
        "customfieldvalue",
        "department",
        "discount",
        "employee",
    ),
    *("pickuprequest", "regularpickuprequest", "stop"),
)
LOGS = (
    "customers.lineitem",
    "customers.order",
    "customers.visit",
    "customers.consent",
    "customers.nightlytext",
    *(f"events.{name}" for name in ("deliveryattempt", "lane", "outgoing", "sendlog")),
)


def permitted(group: str) -> set[str]:
    found = Permission.objects.filter(group__name=group).values_list(
        "content_type__app_label", "codename"
    )
    return {f"{app}.{codename}" for app, codename in found}


def viewing() -> set[str]:
    shown = [
        *(f"customers.{name}" for name in (*RECORDS, "business", "textsettings", "incomingtext")),
        *LOGS,
        "events.integration",
    ]
    shown += [f"smrt_integration.{name}" for name in ("apikey", "customerimport", "export")]
    return {f"{app}.view_{model}" for app, model in (label.split(".") for label in shown)}


def test_helpers_view_and_send_again_and_nothing_else() -> None:
    assert permitted(HELPERS) == viewing() | {"events.send_again"}


def test_owners_also_keep_the_records_their_business_and_its_integration() -> None:
    kept = {
        f"customers.{action}_{name}" for name in RECORDS for action in ("add", "change", "delete")
    }

    own = permitted(OWNERS) - permitted(HELPERS)

    keys = {
        f"smrt_integration.{action}_{name}"
        for action in ("add", "change")
        for name in ("apikey", "customerimport")
    }
    texts = {
        "customers.add_textsettings",
        "customers.change_textsettings",
        "customers.change_incomingtext",
    }
    assert own == kept | texts | keys | {
        "customers.change_business",
        "events.add_integration",
        "events.change_integration",
    }
    assert permitted(HELPERS) < permitted(OWNERS)


def test_migrating_again_changes_nothing_and_keeps_what_an_operator_added() -> None:
    added = Permission.objects.get(codename="view_session")
    Group.objects.get(name=HELPERS).permissions.add(added)
    before = {name: permitted(name) for name in GROUPS.values()}

    for _ in range(2):
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default")

    assert {name: permitted(name) for name in GROUPS.values()} == before
    assert "sessions.view_session" in before[HELPERS]
    assert Group.objects.count() == len(GROUPS)


def test_migrating_adds_what_is_missing() -> None:
    before = permitted(OWNERS)
    Group.objects.all().delete()

    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")

    assert permitted(OWNERS) == before


def test_exactly_these_models_are_support_s_alone() -> None:
    """A literal list, so that hiding or showing a model by mistake fails here."""
    not_shown = {
        "customers.membership",
        "customers.textqueue",
        *(
            f"events.{name}"
            for name in (
                "acceptedtraits",
                "alert",
                "celebration",
                "dailycount",
                "dailydelay",
                "destinationuse",
                "heldtrack",
                "lapse",
                "pendingfifth",
                "refusedtraits",
                "request",
                "resent",
                "sweepdone",
                "switchchange",
                "taskrun",
                "traitchange",
                "unansweredidentify",
            )
        ),
        "smrt_integration.answered",
        "smrt_integration.apicaller",
        "smrt_integration.heartbeat",
        "smrt_integration.importline",
    }
    ours = {
        model._meta.label_lower
        for app in ("customers", "events", "smrt_integration")
        for model in apps.get_app_config(app).get_models()
    }
    shown = {permission.replace(".view_", ".") for permission in permitted(HELPERS)}

    assert ours - shown == not_shown


def state(user: User) -> tuple[bool, set[str]]:
    stored = User.objects.get(pk=user.pk)
    return stored.is_staff, set(stored.groups.values_list("name", flat=True))


def test_a_membership_lets_its_user_in_and_the_end_of_the_last_one_out() -> None:
    user: User = UserFactory.create()
    assert state(user) == (False, set())

    first = MembershipFactory.create(user=user, role=OWNER)
    second = MembershipFactory.create(user=user, role=HELPER)
    assert state(user) == (True, {OWNERS, HELPERS})

    first.delete()
    assert state(user) == (True, {HELPERS})

    second.role = OWNER
    second.save()
    assert state(user) == (True, {OWNERS})

    Membership.objects.all().delete()
    assert state(user) == (False, set())


def test_other_groups_and_support_users_are_left_alone() -> None:
    support: User = UserFactory.create(is_staff=True, is_superuser=True)
    accounts = Group.objects.create(name="Accounts")
    support.groups.add(accounts)

    MembershipFactory.create(user=support).delete()

    assert state(support) == (True, {"Accounts"})


def test_users_and_businesses_go_with_their_memberships() -> None:
    leaving, staying = UserFactory.create(), UserFactory.create()
    business: Business = BusinessFactory.create()
    for user in (leaving, staying):
        MembershipFactory.create(user=user, business=business)

    leaving.delete()
    business.delete()

    assert not Membership.objects.exists()
    assert state(staying) == (False, set())
