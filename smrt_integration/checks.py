"""Checks at the start: every model of ours has roles, and every admin page a place in the menu."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, register

from customers.model_roles import ModelRoles
from smrt_integration.menu import PAGES_NOT_IN_MENU, models_in_menu


@register
def check_model_roles(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(problem, id="smrt.E001")
        for config in apps.get_app_configs()
        if _is_ours(config)
        for problem in _role_problems(config)
    ]


@register
def check_menu(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [Error(problem, id="smrt.E002") for problem in _menu_problems()]


def _is_ours(config: AppConfig) -> bool:
    return Path(config.path).parent == Path(settings.BASE_DIR)


def _role_problems(config: AppConfig) -> Iterator[str]:
    models = {str(model._meta.model_name): model._meta.label for model in config.get_models()}
    where = f"model_roles of {type(config).__name__} in {config.name}/apps.py"
    roles: ModelRoles | None = getattr(config, "model_roles", None)
    if roles is None:
        if models:
            yield f"Nobody may see the models of {config.name}: add {where}."
        return
    viewed, support_only = set(roles.viewed), set(roles.support_only)
    for name in sorted(models.keys() - viewed - support_only):
        yield (
            f"{models[name]} has no roles: add {name!r} to `viewed`, if owners and helpers may "
            f"see it, or else to `support_only`, in {where}."
        )
    for name in sorted(viewed & support_only):
        yield f"{name!r} is in both `viewed` and `support_only`: remove one in {where}."
    for name in sorted((viewed | support_only | roles.changed_by_owners.keys()) - models.keys()):
        yield f"{config.name} has no model {name!r}: remove it from {where}."


def _menu_problems() -> Iterator[str]:
    registered = {model._meta.label for model in admin.site._registry}
    in_menu = set(models_in_menu())
    for label in sorted(registered - in_menu - PAGES_NOT_IN_MENU):
        yield (
            f"{label} has an admin page that the menu does not show: add an entry to MENU, "
            "or the model to PAGES_NOT_IN_MENU, in smrt_integration/menu.py."
        )
    for label in sorted((in_menu | PAGES_NOT_IN_MENU) - registered):
        yield (
            f"{label} has no admin page: register one, or remove the model from "
            "smrt_integration/menu.py."
        )
