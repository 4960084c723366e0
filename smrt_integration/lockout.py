"""The lockout after wrong passwords: what django-axes counts, and the page it answers with."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from customers.client_ip import client_ip

LOGIN_ATTEMPTS: Final[int] = 8
"""Enough for a person who mistypes (most ask for a new password by the fifth attempt), and too
few for a program that guesses."""
LOCKED_FOR: Final[timedelta] = timedelta(minutes=15)
"""Long enough that trying a list of common passwords takes years, short enough that an owner need
not call support."""


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
    minutes = int(LOCKED_FOR.total_seconds() // 60)
    context = admin.site.each_context(request) | {
        "title": "Too many attempts",
        "attempts": LOGIN_ATTEMPTS,
        "minutes": minutes,
    }
    response = render(request, "smrt/locked.html", context, status=429)
    response.headers["Retry-After"] = str(60 * minutes)
    return response
