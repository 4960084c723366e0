"""The lockout after wrong passwords: the limits, and the page that explains it.

`smrt_integration.login_locks` decides whether a login is locked.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from customers.client_ip import client_ip

LOGIN_ATTEMPTS: Final[int] = 8
"""Of one username from one address. Enough for a person who mistypes (most ask for a new password
by the fifth attempt), and too few for a program that guesses."""
LOCKED_FOR: Final[timedelta] = timedelta(minutes=15)
"""Long enough that trying a list of common passwords takes years, short enough that an owner need
not call support."""
USERNAMES_PER_ADDRESS: Final = 10
"""Usernames with a wrong password from one address within LOCKED_FOR. A username whose owner then
logs in does not count, so a shop is locked only if ten people forget their passwords at once."""
FAILURES_PER_ADDRESS: Final = 40
"""Five people of a shop who use up their attempts at once."""
FAILURES_PER_USERNAME: Final = 100
"""From all addresses together. Much more than a person needs, as a lock of a username keeps its
owner out, too; and few for a program: 36,500 a year."""
USERNAME_WINDOW: Final[timedelta] = timedelta(days=1)

AXES_SETTINGS: Final[dict[str, Any]] = {
    # Counted per name and client IP together: wrong guesses then lock out neither the owner
    # elsewhere nor everybody behind a business's one address.
    "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
    "AXES_FAILURE_LIMIT": LOGIN_ATTEMPTS,
    "AXES_COOLOFF_TIME": LOCKED_FOR,
    # Otherwise further guesses would keep an owner out for good.
    "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
    "AXES_RESET_ON_SUCCESS": True,
    "AXES_HANDLER": "smrt_integration.login_locks.LoginLocks",
    "AXES_CLIENT_IP_CALLABLE": "smrt_integration.lockout.login_ip",
    "AXES_LOCKOUT_CALLABLE": "smrt_integration.lockout.lockout_response",
    "AXES_DISABLE_ACCESS_LOG": True,
    "AXES_VERBOSE": False,
}

USERNAME_AND_ADDRESS: Final = (
    f"The password was wrong {LOGIN_ATTEMPTS} times. For {{time}}, nobody can log in with this "
    "username from here."
)
ADDRESS: Final = (
    "Wrong passwords for many usernames came from your internet address. For {time}, nobody can "
    "log in from here, except in a browser in which they logged in before."
)
USERNAME: Final = (
    f"The password for this username was wrong {FAILURES_PER_USERNAME} times in a day, from "
    "several places. To protect the account, nobody can log in with it for {time}, except in a "
    "browser in which its owner logged in before."
)


def login_ip(request: HttpRequest) -> str | None:
    """Return the client IP as axes stores it: the first address of an IPv6 network.

    Returns None when it is not known. An empty text would never equal a stored attempt, so
    nobody would be locked out.
    """
    return client_ip(request).partition("/")[0] or None


def lockout_response(
    request: HttpRequest,
    answer: HttpResponse | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Return the page after too many attempts, whether the last password was right or wrong."""
    from smrt_integration.login_locks import lock_of

    lock = lock_of(request)
    time = _in_words(lock.seconds)
    context = admin.site.each_context(request) | {
        "title": "Too many attempts",
        "sentence": lock.sentence.format(time=time),
        "time": time,
    }
    response = render(request, "smrt/locked.html", context, status=429)
    response.headers["Retry-After"] = str(math.ceil(lock.seconds))
    return response


def _in_words(seconds: float) -> str:
    minutes = max(1, math.ceil(seconds / 60))
    if minutes < 120:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{math.ceil(minutes / 60)} hours"
