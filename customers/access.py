"""Which businesses a user may see, and what the user may do there.

Every page, list, choice and export of the admin decides by these functions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from customers.business_clock import BusinessClock
from customers.models import Business, Membership

User = AbstractBaseUser | AnonymousUser


def businesses_of(user: User) -> QuerySet[Business]:
    """The businesses that the user may see: all for support (superusers), else their own.

    The id of an only business lets PostgreSQL read its rows in the order of an index.
    """
    only = only_business_of(user)
    return Business.objects.filter(pk=only) if only else _businesses(user)


def business_ids_of(user: User) -> Sequence[int] | None:
    """Return the ids of the businesses that the user may see; None is all of them."""
    return None if _is_support(user) else [pk for pk in _roles(user) if pk is not None]


def managed_by(user: User) -> QuerySet[Business]:
    """The businesses that the user may change: all for support, else those the user owns."""
    return _businesses(user, role=Membership.Role.OWNER)


def may_see(user: User, business_id: int | None) -> bool:
    return _is_support(user) or business_id in _roles(user)


def may_manage(user: User, business_id: int | None) -> bool:
    return _is_support(user) or _roles(user).get(business_id) == Membership.Role.OWNER


def manages_any(user: User) -> bool:
    """Return whether the user may add records to at least one business."""
    return _is_support(user) or Membership.Role.OWNER in _roles(user).values()


def only_business_of(user: User) -> int | None:
    """Return the id of the user's business, or None unless the user belongs to exactly one."""
    roles = {} if _is_support(user) else _roles(user)
    return next(iter(roles)) if len(roles) == 1 else None


def only_clock_of(user: User) -> BusinessClock | None:
    """Return the clock of the user's business, or None unless the user belongs to exactly one."""
    business_id = only_business_of(user)
    return _memberships(user)[business_id].clock if business_id else None


def may_resend(user: User, business_id: int | None) -> bool:
    """Return whether the user may resend messages of this business: helpers may, too."""
    permitted = _is_support(user) or bool(
        getattr(user, "has_perm", lambda _: False)("events.send_again")
    )
    return permitted and may_see(user, business_id)


def _is_support(user: User) -> bool:
    """Superusers see everything, including the log of a deleted business."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


class _Membership(NamedTuple):
    role: str
    clock: BusinessClock


def _roles(user: User) -> dict[int | None, str]:
    return {business_id: its.role for business_id, its in _memberships(user).items()}


def _memberships(user: Any) -> Mapping[int | None, _Membership]:
    """The user's role, and the business's clock, by business id.

    Cached on the user object, which is a new one for each request: a page asks dozens of times.
    """
    if not hasattr(user, "business_memberships"):
        memberships = (
            Membership.objects.filter(user_id=user.pk)
            if user.is_active and user.pk
            else Membership.objects.none()
        )
        rows = memberships.values_list(
            "business_id", "role", "business__time_zone", "business__country"
        )
        user.business_memberships = {
            business_id: _Membership(role, BusinessClock(time_zone, country))
            for business_id, role, time_zone, country in rows
        }
    by_business: Mapping[int | None, _Membership] = user.business_memberships
    return by_business


def _businesses(user: User, **membership: Any) -> QuerySet[Business]:
    if not user.is_active:
        return Business.objects.none()
    if _is_support(user):
        return Business.objects.all()
    return Business.objects.filter(
        pk__in=Membership.objects.filter(user_id=user.pk, **membership).values("business_id")
    )
