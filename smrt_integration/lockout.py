"""Guessing of passwords, as django-axes is to see it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# One person who mistypes, not a programme that tries: people who cannot remember ask for a new password by the fifth attempt.
LOGIN_ATTEMPTS: Final[int] = 8
# Long enough that a list of common passwords takes years, short enough that an owner need not call support.
LOCKED_FOR: Final[timedelta] = timedelta(minutes=15)


def address_of(request: HttpRequest) -> str:
    """Where the request comes from. The proxy in front appends whom it saw to X-Forwarded-For; anybody can write what stands before."""
    seen: str = request.META.get("REMOTE_ADDR", "")
    return (
        seen
        if settings.DEBUG
        else request.headers.get("X-Forwarded-For", seen).rpartition(",")[2].strip() or seen
    )


def lockout_response(
    request: HttpRequest,
    answer: HttpResponse | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """What who guessed too often sees, whether the last password was right or wrong."""
    minutes = int(LOCKED_FOR.total_seconds() // 60)
    context = admin.site.each_context(request) | {
        "title": "Too many attempts",
        "attempts": LOGIN_ATTEMPTS,
        "minutes": minutes,
    }
    response = render(request, "smrt/locked.html", context, status=429)
    response.headers["Retry-After"] = str(60 * minutes)
    return response
