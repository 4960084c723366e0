"""A till's clock that differs from that of the real server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests import Session

from customers.models import Customer
from tests.api.conftest import Caller
from tests.web import Web

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_till_ten_seconds_ahead_sells_and_one_ten_minutes_ahead_reads_the_time(
    web: Web, pos: Caller, customer: Customer
) -> None:
    http = Session()
    http.trust_env = False
    http.headers["Authorization"] = f"Bearer {pos.secret}"

    def post(path: str, ahead: timedelta, **fields: Any) -> Any:
        at = (datetime.now(UTC) + ahead).isoformat()
        return http.post(f"{web.url}/api/v1/{path}", json={"at": at, **fields}, timeout=30)

    before = datetime.now(UTC)
    created = post("orders", timedelta(seconds=10), customer=str(customer.uuid))
    assert created.status_code == 201, created.text
    order = created.json()
    at = datetime.fromisoformat(order["created_at"])
    assert before <= at <= datetime.now(UTC)

    ready = post(f"orders/{order['id']}/ready", timedelta(seconds=-10))
    assert (ready.status_code, ready.json()["ready_at"]) == (200, order["created_at"])

    for refused in (
        post("orders", timedelta(minutes=10), customer=str(customer.uuid)),
        post(f"orders/{order['id']}/return", timedelta(minutes=-10)),
    ):
        assert refused.status_code == 400
        (error,) = refused.json()["errors"]
        assert error["field"] == "at"
        assert f"The server's time is {datetime.now(UTC):%Y-%m-%dT}" in error["message"]
