"""Which of an app's models owners and helpers may see and change.

Each of our apps declares it as `model_roles` in its AppConfig. A system check
(smrt_integration.checks) fails for a model that is not declared.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


@dataclass(frozen=True)
class ModelRoles:
    """Models are named as in permissions: "sendlog", "pickuprequest".

    Owners and helpers may view `viewed`; nobody but support sees `support_only`.
    `changed_by_owners` says what owners may also do, by model. Both groups get the
    `extra_permissions`.
    """

    viewed: Collection[str]
    support_only: Collection[str] = ()
    changed_by_owners: Mapping[str, Collection[str]] = field(default_factory=dict)
    extra_permissions: Collection[str] = ()


def grant_roles_after_migrate(app: AppConfig, sender: AppConfig | None = None) -> None:
    """Grant the app's `model_roles` whenever `sender`, by default the app, was migrated."""

    def grant_roles(**kwargs: Any) -> None:
        # Models cannot be imported before all apps are loaded.
        from customers import roles

        roles.grant_permissions(app)

    post_migrate.connect(
        grant_roles, sender=sender or app, weak=False, dispatch_uid=f"grant_roles {app.label}"
    )
