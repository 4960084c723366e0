"""On every page of the admin, another business's rows do not exist, and helpers change nothing.

Pages are found, not listed. A page that cannot be checked is named, with what to add
(tests/admin/tenancy_checks.py).
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import unfold.admin
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import include, path, reverse
from django.utils import timezone
from time_machine import TimeMachineFixture

from customers.admin_base import ScopedAdmin
from customers.models import Brand, Customer, Membership
from customers.roles import GROUPS
from tests.admin.conftest import logged_in, member
from tests.admin.forms import form_values
from tests.admin.sample_business import (
    FIRST_ID,
    SECOND_ID,
    SampleBusiness,
    scoped_models,
    start_ids_at,
)
from tests.admin.tenancy_checks import CHECKS, OWN_PAGES, PAGE_UNKNOWN, PageTenancyChecks
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
SCOPED = sorted(scoped_models(), key=lambda model: model._meta.label)
SUPPORT_MODELS = [model for model in MODELS if model not in SCOPED]


@pytest.fixture
def samples(
    segment: SegmentStandIn, time_machine: TimeMachineFixture
) -> tuple[SampleBusiness, SampleBusiness]:
    """Two businesses, with the clock stopped so that no two responses differ by the time."""
    time_machine.move_to(timezone.now(), tick=False)
    start_ids_at(FIRST_ID)
    near = SampleBusiness("Quokka", rf"{FIRST_ID}"[:-2] + r"\d\d")
    start_ids_at(SECOND_ID)
    return near, SampleBusiness("Zebrafinch", rf"{SECOND_ID}"[:-2] + r"\d\d")


@pytest.fixture
def mine(samples: tuple[SampleBusiness, SampleBusiness]) -> SampleBusiness:
    return samples[0]


@pytest.fixture
def theirs(samples: tuple[SampleBusiness, SampleBusiness]) -> SampleBusiness:
    return samples[1]


def test_every_page_of_ours_is_known() -> None:
    user = User(is_superuser=True, is_active=True)
    support_s = {"auth_user_password_change"}
    unknown = {
        name
        for name in PageTenancyChecks.own_page_names(without_client(user))
        if name not in OWN_PAGES
    } - support_s

    assert not unknown, " ".join(PAGE_UNKNOWN.format(name=name) for name in sorted(unknown))


def without_client(user: User) -> Any:
    """Return checks that request no page."""
    checks = object.__new__(PageTenancyChecks)
    checks.site = admin.site
    checks.user = user
    return checks


HELPER_CHECKS = (
    PageTenancyChecks.lists_without_filters,
    PageTenancyChecks.rows,
    PageTenancyChecks.others_rows,
    PageTenancyChecks.own_views,
    PageTenancyChecks.own_views_posted,
)


@pytest.mark.parametrize(
    ("check", "role"),
    [
        *((check, Membership.Role.OWNER) for check in CHECKS),
        *((check, Membership.Role.HELPER) for check in HELPER_CHECKS),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_nobody_sees_or_changes_another_business_s_rows(
    check: Callable[[PageTenancyChecks], None],
    role: str,
    mine: SampleBusiness,
    theirs: SampleBusiness,
) -> None:
    checks = PageTenancyChecks(member(role, mine.business, role), mine, theirs)
    before = theirs.everything()

    check(checks)

    assert not checks.faults, "\n".join(checks.faults)
    assert theirs.everything() == before


def test_the_same_for_the_other_business(samples: tuple[SampleBusiness, SampleBusiness]) -> None:
    """An owner of the other business, all of whose rows have greater ids."""
    near, far = samples
    checks = PageTenancyChecks(member("otto", far.business, Membership.Role.OWNER), far, near)
    before = near.everything()

    for check in (checks.lists_without_filters, checks.rows, checks.own_views):
        check()

    assert not checks.faults, "\n".join(checks.faults)
    assert near.everything() == before


def test_a_helper_changes_nothing_whatever_they_send(
    mine: SampleBusiness, theirs: SampleBusiness
) -> None:
    """Not even with the form that an owner would send."""
    owner = PageTenancyChecks(member("olivia", mine.business, Membership.Role.OWNER), mine, theirs)
    helper = PageTenancyChecks(member("henry", mine.business, Membership.Role.HELPER), mine, theirs)
    before = mine.everything()

    for model, options in helper.scoped():
        for page, row_ids in (
            ("add", []),
            ("change", [helper.row_id(mine, model)]),
            ("delete", [helper.row_id(mine, model)]),
        ):
            address = helper.address(model, page, *row_ids)
            html = owner.client.get(address).content.decode()
            sent = (
                form_values(html, f"{model._meta.model_name}_form")
                if page != "delete"
                else {"post": "yes"}
            )
            helper.request_page(address, sent, post=True, statuses=(403,))
        for name in options.get_actions(helper.request):
            helper.request_page(
                helper.address(model, "changelist"),
                {"action": name, "_selected_action": "1"},
                post=True,
                statuses=(403,),
            )
    for name, call in OWN_PAGES.items():
        if not call.helpers_may_post:
            row_ids = [helper.row_id(mine, call.model)] if call.model else []
            helper.request_page(
                reverse(f"admin:{name}", args=row_ids), {}, post=True, statuses=(200, 403, 405)
            )

    assert not helper.faults, "\n".join(helper.faults)
    assert mine.everything() == before


def test_a_helper_may_send_again(mine: SampleBusiness, theirs: SampleBusiness) -> None:
    helper = PageTenancyChecks(member("henry", mine.business, Membership.Role.HELPER), mine, theirs)

    helper.request_page(reverse("admin:events_sendlog_resend"), {}, post=True, statuses=(302,))

    assert not helper.faults, "\n".join(helper.faults)


def test_support_sees_both_on_every_list(
    mine: SampleBusiness, theirs: SampleBusiness, support: User
) -> None:
    client = logged_in(support)
    checks = PageTenancyChecks(support, mine, theirs)
    blind = []
    for model, _ in checks.scoped():
        if model in SCOPED:
            text = client.get(checks.address(model, "changelist")).content.decode()
            blind += [
                model.__name__
                for sample in (mine, theirs)
                if sample.mark not in text and str(checks.row_id(sample, model)) not in text
            ]

    assert blind == []


def test_a_page_without_a_scope_is_noticed(
    mine: SampleBusiness, theirs: SampleBusiness, settings: Any
) -> None:
    """The page of brands, as it would be if somebody forgot the scope."""
    site = type(admin.site._registry[Brand].admin_site)(name="admin")
    for model, options in admin.site._registry.items():
        forgotten = type(
            "Forgotten",
            (unfold.admin.ModelAdmin,),
            {"search_fields": ("name",), "autocomplete_fields": ("business",)},
        )
        site.register(model, forgotten if model is Brand else type(options))
    urls: Any = ModuleType("urls_without_a_scope")
    urls.urlpatterns = [
        path("admin/", site.urls),
        path("api/v1/", include(("smrt_integration.api.urls", "api"))),
    ]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__
    checks = PageTenancyChecks(
        member("olivia", mine.business, Membership.Role.OWNER), mine, theirs, site
    )
    # The pages of customers keep their scope.
    checks.only = (Brand, Customer)

    for check, name in (
        (checks.lists, ""),
        (checks.others_rows, "ROW_ID/change/"),
        (checks.choices, "autocomplete"),
        (checks.actions, "delete_selected"),
    ):
        checks.faults.clear()
        check()
        faults = [fault for fault in checks.faults if name in fault]
        assert faults, check.__name__
        assert all("brand" in fault for fault in faults), faults


@pytest.mark.parametrize("model", SUPPORT_MODELS, ids=lambda model: model._meta.label)
def test_support_s_pages_are_closed_to_owners(model: Any, owner: User) -> None:
    client = logged_in(owner)
    owner.user_permissions.set(Permission.objects.all())
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"

    assert client.get(reverse(f"{name}_changelist")).status_code == 403
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.get(reverse(f"{name}_change", args=[1])).status_code in {302, 403}


def test_every_page_is_scoped_or_support_s() -> None:
    """A page without a scope shows everybody's rows, so no group may open it."""
    open_to_groups = Permission.objects.filter(group__name__in=GROUPS.values()).select_related(
        "content_type"
    )

    assert {permission.content_type.model_class() for permission in open_to_groups} == set(SCOPED)
    assert not [
        model for model in SUPPORT_MODELS if isinstance(admin.site._registry[model], ScopedAdmin)
    ]


def test_without_login_every_page_redirects_to_it(db: None) -> None:
    for model in MODELS:
        answer = Client().get(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        )
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (
            302,
            reverse("admin:login"),
        )
