"""The address that a request comes from: one rule for login, sign-up and the request log."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

IPV6_NETWORK_BITS: Final = 64
"""The network that a provider gives to one household. Its owner can use any address in it."""
ADDRESS_WITH_PORT: Final = re.compile(r"(\d+(?:\.\d+){3}):\d+|\[([^]]+)\](?::\d+)?", re.ASCII)
"""203.0.113.5:4711 or [2001:db8::1]:4711, as some proxies add a client to X-Forwarded-For."""


def client_ip(request: HttpRequest) -> str:
    """Return an IPv4 address, the /64 network of an IPv6 address, or "" when it is not known.

    X-Forwarded-For counts only where the installation has a proxy (SECURE_PROXY_SSL_HEADER is
    set). Only its last entry counts: the proxy appended it, and the client can write the others.
    When there is no valid last entry, the address of the connection counts, so that a header
    cannot turn off a limit.
    """
    address = _forwarded_for(request) or _parse(request.META.get("REMOTE_ADDR", ""))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, IPV6_NETWORK_BITS), strict=False))
    return str(address or "")


def client_ip_hash(request: HttpRequest, purpose: str) -> str:
    """Return a keyed hash of the client IP to count by, or "" when the client IP is not known.

    Only the hash is stored, and only for as long as the count lasts.
    """
    address = client_ip(request)
    return keyed_hash(purpose, address) if address else ""


def keyed_hash(purpose: str, value: str) -> str:
    return salted_hmac(purpose, value, algorithm="sha256").hexdigest()[:32]


def _forwarded_for(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    has_proxy = bool(settings.SECURE_PROXY_SSL_HEADER)
    header = request.headers.get("X-Forwarded-For", "") if has_proxy else ""
    return _parse(header.rpartition(",")[2].strip())


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    if match := ADDRESS_WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A server that listens on IPv6 sees IPv4 clients as ::ffff:203.0.113.5. All of them would
    # share one /64 network.
    return getattr(address, "ipv4_mapped", None) or address
