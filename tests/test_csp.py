"""The Content-Security-Policy and other security headers of every response."""

from contextlib import closing

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from smrt_integration.csp import CSP, ContentSecurityPolicy


def directives(policy: str) -> dict[str, list[str]]:
    return {
        name: sources for name, *sources in (directive.split() for directive in policy.split("; "))
    }


def test_the_policy_allows_only_our_own_files_and_no_inline_scripts() -> None:
    assert directives(CSP) == {
        "default-src": ["'none'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 302),
        ("/admin/", 302),
        ("/admin/login/", 200),
        ("/nowhere", 404),
        ("/admin/nowhere/", 302),
        ("/static/smrt/owner.css", 200),
        ("/static/nowhere.css", 404),
    ],
)
def test_every_response_has_the_policy(client: Client, address: str, status: int) -> None:
    # A static file has to be closed.
    with closing(client.get(address)) as response:
        assert response.status_code == status
        assert response.headers["Content-Security-Policy"] == CSP
        assert response.headers["Permissions-Policy"].startswith("accelerometer=(), camera=()")


@pytest.mark.django_db
def test_pages_cannot_be_framed_and_send_no_referrer_to_other_sites(
    client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    response = client.get("/admin/")
    assert {
        name: response.headers[name]
        for name in (
            "X-Frame-Options",
            "Referrer-Policy",
            "Cross-Origin-Opener-Policy",
            "X-Content-Type-Options",
        )
    } == {
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def test_a_view_may_set_its_own_policy() -> None:
    with_policy = HttpResponse(headers={"Content-Security-Policy": "default-src 'self'"})
    response = ContentSecurityPolicy(lambda _: with_policy)(RequestFactory().get("/"))
    assert response.headers["Content-Security-Policy"] == "default-src 'self'"
