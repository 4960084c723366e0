"""Which of an app's models owners and helpers may see and change.

Each of our apps declares it as `model_roles` in its AppConfig. A system check
(smrt_integration.checks) fails for a model that is not declared.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


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
