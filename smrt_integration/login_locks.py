"""Whether a login is locked: by username and address, by address, or by username.

A browser in which the user logged in before is spared from the last two: a colleague's mistakes or
a stranger who guesses do not keep out who is known.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.db.models import Max, Sum
from django.http import HttpRequest

from customers.client_ip import keyed_hash
from customers.rate_limit import count_call, read_count
from smrt_integration import known_browsers
from smrt_integration.lockout import (
    ADDRESS,
    FAILURES_PER_ADDRESS,
    FAILURES_PER_USERNAME,
    LOCKED_FOR,
    USERNAME,
    USERNAME_AND_ADDRESS,
    USERNAME_WINDOW,
    USERNAMES_PER_ADDRESS,
)


class Lock(NamedTuple):
    sentence: str
    seconds: float


UNTIL_COOL_OFF: Final = Lock(USERNAME_AND_ADDRESS, LOCKED_FOR.total_seconds())


class LoginLocks(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes counts a username from an address. The other limits are ours."""

    def is_locked(self, request: Any, credentials: Mapping[str, Any] | None = None) -> bool:
        if super().is_locked(request, credentials):
            return True
        username = get_client_username(request, credentials) or ""
        lock = _address_lock(request) or _username_lock(username)
        if lock is None or known_browsers.is_known(request, username):
            return False
        request.login_lock = lock
        return True

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any
    ) -> None:
        # axes marks a request that it did not let try
        was_tried = request is not None and not request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if was_tried and (username := get_client_username(request, credentials)):
            count_call(_count_of(username), int(USERNAME_WINDOW.total_seconds()))


def lock_of(request: HttpRequest) -> Lock:
    return getattr(request, "login_lock", UNTIL_COOL_OFF)


def _address_lock(request: Any) -> Lock | None:
    """Clients without a known address are not locked together: that could be all of them."""
    if request.axes_ip_address is None:
        return None
    now = request.axes_attempt_time
    by_username = (
        AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address, attempt_time__gt=now - LOCKED_FOR
        )
        .values("username")
        .annotate(failures=Sum("failures_since_start"), latest=Max("attempt_time"))
        .order_by("-latest")[:USERNAMES_PER_ADDRESS]
    )
    failures = 0
    for number, row in enumerate(by_username, 1):
        failures += row["failures"]
        if number >= USERNAMES_PER_ADDRESS or failures >= FAILURES_PER_ADDRESS:
            left: timedelta = row["latest"] + LOCKED_FOR - now
            return Lock(ADDRESS, left.total_seconds())
    return None


def _username_lock(username: str) -> Lock | None:
    counted = read_count(_count_of(username))
    if counted.calls < FAILURES_PER_USERNAME:
        return None
    return Lock(USERNAME, counted.seconds_left)


def _count_of(username: str) -> str:
    return f"smrt:logins:{keyed_hash('smrt_integration.login_locks', username)}"
