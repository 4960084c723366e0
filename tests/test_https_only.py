"""Over plain http, calls of the API are refused, and people are redirected to https."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.api.conftest import errors

pytestmark = pytest.mark.django_db


@pytest.fixture
def https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["/api/v1/customers", "/api/v1/docs", "/api/", "/api/v9/nothing"])
def test_a_call_over_http_is_refused(https: None, method: str, path: str) -> None:
    response = getattr(Client(), method)(path, headers={"Authorization": "Bearer smrt_pos_abc"})

    assert response.status_code == 403
    ((code, field, message),) = errors(response)
    assert (code, field) == ("https_required", None)
    assert message.endswith("The key of this call was sent so: revoke it and create another.")
    assert "Location" not in response.headers


def test_a_call_without_a_key_need_not_replace_one(https: None) -> None:
    ((_, _, message),) = errors(Client().get("/api/v1/customers"))
    assert message == "Call this address with https. Over http, others can read what is sent."


@pytest.mark.parametrize("path", ["/admin/", "/account/", "/", "/apiary"])
def test_a_page_redirects(https: None, path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response.headers["Location"]) == (
        301,
        f"https://testserver{path}",
    )


def test_a_call_through_a_proxy_with_https_is_taken(https: None) -> None:
    response = Client().get("/api/v1/events", headers={"X-Forwarded-Proto": "https"})
    assert response.status_code == 401


def test_probes_may_use_http(https: None) -> None:
    assert Client().get("/livez").status_code == 200


def test_development_may_use_http() -> None:
    assert Client().get("/api/v1/events").status_code == 401
