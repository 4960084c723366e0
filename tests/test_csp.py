"""What every answer of ours tells the browser it may do."""

from contextlib import closing

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from smrt_integration.csp import POLICY, ContentSecurityPolicy


def directives(policy: str) -> dict[str, list[str]]:
    return {
        name: sources for name, *sources in (directive.split() for directive in policy.split("; "))
    }


def test_nothing_comes_from_elsewhere_and_no_script_from_a_page() -> None:
    assert directives(POLICY) == {
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
def test_every_answer_carries_it(client: Client, address: str, status: int) -> None:
    # which closes the file that it may be
    with closing(client.get(address)) as answer:
        assert answer.status_code == status
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["Permissions-Policy"].startswith("accelerometer=(), camera=()")


@pytest.mark.django_db
def test_pages_are_not_framed_and_tell_others_nothing(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    answer = client.get("/admin/")
    assert {
        name: answer.headers[name]
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


def test_an_answer_may_have_a_policy_of_its_own() -> None:
    own = HttpResponse(headers={"Content-Security-Policy": "default-src 'self'"})
    assert (
        ContentSecurityPolicy(lambda _: own)(RequestFactory().get("/")).headers[
            "Content-Security-Policy"
        ]
        == "default-src 'self'"
    )
