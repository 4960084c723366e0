"""A new model without roles, or an admin page without a place in the menu, fails at the start."""

from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models
from django.test.utils import isolate_apps

from customers.model_roles import ModelRoles
from smrt_integration import menu
from smrt_integration.api.models import Answered

pytestmark = pytest.mark.django_db


def failure() -> str:
    """Return what the start says about the first problem."""
    with pytest.raises(SystemCheckError) as caught:
        call_command("check")
    return str(caught.value)


def declare(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    config: Any = apps.get_app_config("events")
    roles: ModelRoles = config.model_roles
    monkeypatch.setattr(config, "model_roles", replace(roles, **changes))


def test_everything_is_declared() -> None:
    call_command("check")


def test_a_page_that_the_menu_does_not_show_is_named() -> None:
    admin.site.register(Answered)
    try:
        assert (
            "smrt_integration.Answered has an admin page that the menu does not show: add an entry "
            "to MENU, or the model to PAGES_NOT_IN_MENU, in smrt_integration/menu.py." in failure()
        )
    finally:
        admin.site.unregister(Answered)


def test_a_listed_page_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "smrt_integration.checks.PAGES_NOT_IN_MENU", menu.PAGES_NOT_IN_MENU | {"events.Resent"}
    )
    assert (
        "events.Resent has no admin page: register one, or remove the model from "
        "smrt_integration/menu.py." in failure()
    )


def test_a_new_model_without_roles_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with isolate_apps("events"):

        class Planted(models.Model):
            class Meta:
                app_label = "events"

            def __str__(self) -> str:
                return "planted"

    monkeypatch.setitem(apps.get_app_config("events").models, "planted", Planted)
    assert (
        "events.Planted has no roles: add 'planted' to `viewed`, if owners and helpers may see it, "
        "or else to `support_only`, in model_roles of EventsConfig in events/apps.py." in failure()
    )


def test_an_app_without_roles_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(type(apps.get_app_config("events")), "model_roles")
    assert (
        "Nobody may see the models of events: add model_roles of EventsConfig in events/apps.py."
        in failure()
    )


def test_roles_of_a_model_that_does_not_exist_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, changed_by_owners={"integratoin": ("change",)})
    assert "events has no model 'integratoin': remove it from model_roles" in failure()


def test_contradicting_roles_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, support_only=(*apps.get_app_config("events").models, "lane"))
    assert "'lane' is in both `viewed` and `support_only`: remove one" in failure()
