"""The client IP: the address that a request comes from."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory
from django_structlog.signals import bind_extra_request_metadata
from structlog.contextvars import get_contextvars

from customers.client_ip import client_ip

PROXY = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.5", "198.51.100.1", False, "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5", True, "203.0.113.5"),
        ("10.0.0.1", None, True, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1,", True, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nowhere", True, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, 2001:db8:1:2:3::4", True, "2001:db8:1:2::/64"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5:4711", True, "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1, [2001:db8:1:2:3::4]:4711", True, "2001:db8:1:2::/64"),
        ("10.0.0.1", "198.51.100.1, [2001:db8:1:2:3::4]", True, "2001:db8:1:2::/64"),
        ("10.0.0.1", "203.0.113.5:port", True, "10.0.0.1"),
        ("2001:db8:1:2:3::4", None, False, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", None, False, "2001:db8:1:2::/64"),
        ("2001:db8:1:3::4", None, False, "2001:db8:1:3::/64"),
        ("fe80::1%eth0", None, False, "fe80::/64"),
        ("::ffff:203.0.113.5", None, False, "203.0.113.5"),
        ("", None, False, ""),
        ("", None, True, ""),
        ("/run/web.sock", None, True, ""),
    ],
)
def test_the_client_ip_is_the_address_that_the_nearest_proxy_saw(
    peer: str, forwarded: str | None, trusted: bool, expected: str, settings: LazySettings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = PROXY if trusted else None
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client_ip(RequestFactory(REMOTE_ADDR=peer, headers=headers).get("/")) == expected


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "logged"),
    [
        (False, "2001:db8:1:2:3::4", "198.51.100.1", "2001:db8:1:2::/64"),
        (True, "10.0.0.1", "198.51.100.1, 2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (True, "", "", None),
    ],
)
@pytest.mark.django_db
def test_the_request_log_has_the_client_ip(
    trusted: bool, peer: str, forwarded: str, logged: str | None, settings: LazySettings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = PROXY if trusted else None

    bound: list[str | None] = []

    def remember(**kwargs: Any) -> None:
        bound.append(get_contextvars()["ip"])

    bind_extra_request_metadata.connect(remember)
    try:
        Client(REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded}).get("/api/v1/customers")
    finally:
        bind_extra_request_metadata.disconnect(remember)

    assert bound == [logged]
