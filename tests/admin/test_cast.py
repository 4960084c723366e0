"""The cast walks every page of the admin: what is another business's does not exist for them, and helpers change nothing.

Pages are found, not listed: a new one is walked by itself. One that cannot be is named, with what to add (tests/admin/walk.py).
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
from customers.models import Brand, Membership
from customers.roles import GROUPS
from tests.admin.conftest import logged_in, member
from tests.admin.forms import shown
from tests.admin.stage import FAR, NEAR, Stage, count_from, scoped_models
from tests.admin.walk import OURS, UNKNOWN, WAYS, Walk
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
SCOPED = sorted(scoped_models(), key=lambda model: model._meta.label)
SUPPORTS = [model for model in MODELS if model not in SCOPED]


@pytest.fixture
def stages(segment: SegmentStandIn, time_machine: TimeMachineFixture) -> tuple[Stage, Stage]:
    """At a standstill, so that no two answers differ by the time."""
    time_machine.move_to(timezone.now(), tick=False)
    count_from(NEAR)
    near = Stage("Quokka", rf"{NEAR}"[:-2] + r"\d\d")
    count_from(FAR)
    return near, Stage("Zebu", rf"{FAR}"[:-2] + r"\d\d")


@pytest.fixture
def mine(stages: tuple[Stage, Stage]) -> Stage:
    return stages[0]


@pytest.fixture
def theirs(stages: tuple[Stage, Stage]) -> Stage:
    return stages[1]


def test_how_every_page_of_ours_is_called_is_known() -> None:
    user = User(is_superuser=True, is_active=True)
    support_s = {"auth_user_password_change"}
    unknown = {name for name in Walk.own_pages(walk_of(user)) if name not in OURS} - support_s

    assert not unknown, " ".join(UNKNOWN.format(name=name) for name in sorted(unknown))


def walk_of(user: User) -> Any:
    """For what asks nothing of a server."""
    walk = object.__new__(Walk)
    walk.site = admin.site
    walk.user = user
    return walk


OF_HELPERS = (Walk.lists, Walk.rows, Walk.others_rows, Walk.ours, Walk.ours_posted)


@pytest.mark.parametrize(
    ("way", "role"),
    [
        *((way, Membership.Role.OWNER) for way in WAYS),
        *((way, Membership.Role.HELPER) for way in OF_HELPERS),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_nobody_is_shown_or_reaches_what_is_anothers(
    way: Callable[[Walk], None], role: str, mine: Stage, theirs: Stage
) -> None:
    walk = Walk(member(role, mine.business, role), mine, theirs)
    before = theirs.everything()

    way(walk)

    assert not walk.wrong, "\n".join(walk.wrong)
    assert theirs.everything() == before


def test_nor_the_other_way_round(stages: tuple[Stage, Stage]) -> None:
    """An owner of the other business, whose rows have all the greater numbers."""
    near, far = stages
    walk = Walk(member("otto", far.business, Membership.Role.OWNER), far, near)
    before = near.everything()

    for way in (walk.lists, walk.rows, walk.ours):
        way()

    assert not walk.wrong, "\n".join(walk.wrong)
    assert near.everything() == before


def test_a_helper_changes_nothing_whatever_they_send(mine: Stage, theirs: Stage) -> None:
    """Not even the form that an owner would send, filled in."""
    owner = Walk(member("olivia", mine.business, Membership.Role.OWNER), mine, theirs)
    helper = Walk(member("henry", mine.business, Membership.Role.HELPER), mine, theirs)
    before = mine.everything()

    for model, options in helper.scoped():
        for page, numbers in (
            ("add", []),
            ("change", [helper.number(mine, model)]),
            ("delete", [helper.number(mine, model)]),
        ):
            address = helper.address(model, page, *numbers)
            html = owner.client.get(address).content.decode()
            sent = (
                shown(html, f"{model._meta.model_name}_form")
                if page != "delete"
                else {"post": "yes"}
            )
            helper.ask(address, sent, post=True, statuses=(403,))
        for name in options.get_actions(helper.request):
            helper.ask(
                helper.address(model, "changelist"),
                {"action": name, "_selected_action": "1"},
                post=True,
                statuses=(403,),
            )
    for name, call in OURS.items():
        if not call.helpers_may_post:
            numbers = [helper.number(mine, call.number_of)] if call.number_of else []
            helper.ask(
                reverse(f"admin:{name}", args=numbers), {}, post=True, statuses=(200, 403, 405)
            )

    assert not helper.wrong, "\n".join(helper.wrong)
    assert mine.everything() == before


def test_a_helper_may_send_again(mine: Stage, theirs: Stage) -> None:
    helper = Walk(member("henry", mine.business, Membership.Role.HELPER), mine, theirs)

    helper.ask(reverse("admin:events_sendlog_resend"), {}, post=True, statuses=(302,))

    assert not helper.wrong, "\n".join(helper.wrong)


def test_support_sees_both_on_every_list(mine: Stage, theirs: Stage, support: User) -> None:
    client = logged_in(support)
    walk = Walk(support, mine, theirs)
    blind = []
    for model, _ in walk.scoped():
        if model in SCOPED:
            text = client.get(walk.address(model, "changelist")).content.decode()
            blind += [
                model.__name__
                for stage in (mine, theirs)
                if stage.mark not in text and str(walk.number(stage, model)) not in text
            ]

    assert blind == []


def test_a_page_without_a_scope_is_noticed(mine: Stage, theirs: Stage, settings: Any) -> None:
    """Brands, as they would be if somebody forgot what they are made of."""
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
    walk = Walk(member("olivia", mine.business, Membership.Role.OWNER), mine, theirs, site)

    for way, name in (
        (walk.lists, ""),
        (walk.others_rows, "NUMBER/change/"),
        (walk.choices, "autocomplete"),
        (walk.actions, "delete_selected"),
    ):
        walk.wrong.clear()
        way()
        found = [wrong for wrong in walk.wrong if name in wrong]
        assert found, way.__name__
        assert all("brand" in wrong for wrong in found), found


@pytest.mark.parametrize("model", SUPPORTS, ids=lambda model: model._meta.label)
def test_what_is_supports_is_closed_to_owners(model: Any, owner: User) -> None:
    client = logged_in(owner)
    owner.user_permissions.set(Permission.objects.all())
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"

    assert client.get(reverse(f"{name}_changelist")).status_code == 403
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.get(reverse(f"{name}_change", args=[1])).status_code in {302, 403}


def test_every_page_is_scoped_or_supports() -> None:
    """A page registered without a scope shows everybody's rows to whoever may open it, so no group may."""
    open_to_groups = Permission.objects.filter(group__name__in=GROUPS.values()).select_related(
        "content_type"
    )

    assert {permission.content_type.model_class() for permission in open_to_groups} == set(SCOPED)
    assert not [model for model in SUPPORTS if isinstance(admin.site._registry[model], ScopedAdmin)]


def test_without_logging_in_every_page_leads_to_the_login(db: None) -> None:
    for model in MODELS:
        answer = Client().get(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        )
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (
            302,
            reverse("admin:login"),
        )
