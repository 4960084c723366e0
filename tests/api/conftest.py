"""A business with a key for each client, and another business."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.test import Client as Http

from customers.models import Business
from smrt_integration.api.error_body import MAX_ERRORS
from smrt_integration.api.error_codes import ERROR_CODES
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from tests.events.conftest import business, customer, integration
from tests.factories import BusinessFactory
from tests.web import Web

__all__ = ["business", "customer", "integration"]


class ToldError(NamedTuple):
    """One error of a response. It equals a tuple of the three."""

    code: str
    field: str | None
    message: str


def errors(response: Any) -> list[ToldError]:
    """Return the errors of a response, which has nothing else."""
    assert response.headers["Content-Type"] == "application/json", response.content[:500]
    body = response.json()
    assert [*body] == ["errors"], body
    return told_errors(body["errors"])


def told_errors(told: Any) -> list[ToldError]:
    """Return the errors of a list of them, such as that of one report of a bulk call."""
    assert len(told) <= MAX_ERRORS, told
    for error in told:
        assert [*error] == ["code", "field", "message"], error
        assert error["code"] in ERROR_CODES, error
        assert error["field"] != "", error
        assert error["message"], error
    return [ToldError(**error) for error in told]


def fields(response: Any) -> list[str | None]:
    """Return what the errors of a response are about."""
    return [error.field for error in errors(response)]


class Caller:
    """A client of the API with its own key."""

    def __init__(
        self, business: Business, client: str = Client.POS, scopes: list[str] | None = None
    ) -> None:
        self.key, self.secret = ApiKey.issue(business, client, f"The {client}", scopes)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        call: Callable[..., Any] = getattr(Http(headers=headers), method)
        response = call(
            f"/api/v1/{path}",
            body if method == "get" else body or {},
            **({} if method == "get" else {"content_type": "application/json"}),
        )
        if response.status_code >= 400 and method != "head":
            statuses = {status for e in errors(response) for status in ERROR_CODES[e.code].statuses}
            assert response.status_code in statuses, response.content
        return response

    def get(self, path: str, **query: Any) -> Any:
        return self("get", path, query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("post", path, body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self("patch", path, body)


@pytest.fixture
def pos(business: Business) -> Caller:
    return Caller(business)


@pytest.fixture
def app(business: Business) -> Caller:
    return Caller(business, Client.APP)


@pytest.fixture
def website(business: Business) -> Caller:
    return Caller(business, Client.WEBSITE)


@pytest.fixture
def other_business(db: None) -> Business:
    return BusinessFactory.create(name="Other Cleaners")


@pytest.fixture
def other(other_business: Business) -> Caller:
    return Caller(other_business)


@pytest.fixture
def web(transactional_db: None) -> Iterator[Web]:
    """The real web server."""
    web = Web({})
    yield web
    web.kill()
