"""What a point of sale, a driver's phone and a website do in a business, by the API.

A call without an answer is repeated with the same Idempotency-Key, as a client does it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from time import sleep
from typing import Any, Final
from uuid import UUID

from requests import RequestException, Response, Session

Row = dict[str, Any]

TIMEOUT_SECONDS: Final = 5.0
REPEAT_SECONDS: Final = 0.5
MAX_ATTEMPTS: Final = 20
"""A server that is away for longer than this is given up on."""


class CallRefused(Exception):
    """The API refused the call; the text says how."""


class ApiShop:
    """A business as its clients see it. `secrets` has the key of each kind of client."""

    def __init__(self, url: str, name: str, secrets: Mapping[str, str], random: Random) -> None:
        self.name = name
        self.random = random
        self._url = url
        self._secrets = secrets
        self._http = Session()
        self._http.trust_env = False

    def get(self, client: str, path: str, **query: Any) -> list[Row]:
        rows: list[Row] = self._call(client, "GET", path, params=query)["results"]
        return rows

    def one(self, client: str, path: str, **query: Any) -> Row:
        rows = self.get(client, path, limit=30, **query)
        if not rows:
            raise CallRefused(f"There is none of {path}.")
        return self.random.choice(rows)

    def post(self, client: str, path: str, **body: Any) -> Row:
        key = str(UUID(int=self.random.getrandbits(128), version=4))
        return self._call(client, "POST", path, {"Idempotency-Key": key}, json=body)

    def patch(self, client: str, path: str, **body: Any) -> Row:
        return self._call(client, "PATCH", path, json=body)

    def _call(
        self,
        client: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Row:
        key = {"Authorization": f"Bearer {self._secrets[client]}"}
        for _ in range(MAX_ATTEMPTS):
            try:
                response = self._http.request(
                    method,
                    f"{self._url}/api/v1/{path}",
                    headers=key | dict(headers or {}),
                    timeout=TIMEOUT_SECONDS,
                    **options,
                )
            except RequestException:
                sleep(REPEAT_SECONDS)
                continue
            if response.ok:
                row: Row = response.json()
                return row
            if not _is_for_later(response):
                raise CallRefused(f"{response.status_code} {response.text[:200]}")
            sleep(REPEAT_SECONDS)
        raise CallRefused("The API did not answer.")


def _is_for_later(response: Response) -> bool:
    """Return whether to repeat the call: an error of the server, or the first is under way."""
    return (
        response.status_code >= 500
        or response.status_code == 429
        or (response.status_code == 409 and "under_way" in response.text)
    )


def create_order(shop: ApiShop) -> Row:
    item = {"description": "Shirt", "price": f"{shop.random.randrange(1, 90)}.50", "quantity": 2}
    customer = shop.one("pos", "customers")["id"]
    return shop.post("pos", "orders", customer=customer, items=[item], tax_rate="8.5")


def mark_ready(shop: ApiShop) -> None:
    order = shop.one("pos", "orders", status="open")
    shop.post("pos", f"orders/{order['id']}/ready")


def return_order(shop: ApiShop) -> None:
    order = shop.one("pos", "orders", status="ready")
    shop.post("pos", f"orders/{order['id']}/return", by=shop.one("pos", "employees")["id"])


def sign_up(shop: ApiShop) -> None:
    client = shop.random.choice(("pos", "website"))
    name = f"Api {shop.random.randrange(10**6)}"
    shop.post(client, "customers", first_name=name, last_name="Example", email="api@example.com")


def flip_opt_out(shop: ApiShop) -> None:
    customer = shop.one("pos", "customers")
    for receives in (not customer["receive_texts"], customer["receive_texts"]):
        shop.patch("pos", f"customers/{customer['id']}", receive_texts=receives)


def schedule_pickup(shop: ApiShop) -> None:
    client = shop.random.choice(("pos", "website"))
    day = datetime.now(UTC).date() + timedelta(days=shop.random.randrange(2, 300))
    customer = shop.one(client, "customers")["id"]
    shop.post(client, "pickup-requests", customer=customer, pickup_date=day.isoformat())


def cancel_pickup(shop: ApiShop) -> None:
    pickup = shop.one("website", "pickup-requests", status="scheduled")
    shop.post("website", f"pickup-requests/{pickup['id']}/cancel")


def report_stops(shop: ApiShop) -> None:
    """Report unplanned stops of a phone that was offline, and report them again."""
    customers = shop.get("app", "customers", limit=30)
    reports = [
        {
            "stop": str(UUID(int=shop.random.getrandbits(128), version=4)),
            "customer": shop.random.choice(customers)["id"],
            "outcome": "completed",
            "new_orders": [{"items": [{"description": "Bag", "price": "9.00"}]}],
            "at": (datetime.now(UTC) - timedelta(seconds=n)).isoformat(),
        }
        for n in range(1, shop.random.randint(2, 4))
    ]
    for _ in range(2):
        shop.post("app", "stops/reports", reports=reports)


def send_again(shop: ApiShop) -> None:
    """Send again what Segment refused, as an owner does."""
    entry = shop.one("pos", "send-log-entries", outcome="rejected")
    shop.post("pos", f"send-log-entries/{entry['message_id']}/send-again")


API_ACTIONS: Final[Mapping[Callable[[ApiShop], object], int]] = {
    create_order: 10,
    mark_ready: 6,
    return_order: 5,
    sign_up: 3,
    flip_opt_out: 8,
    schedule_pickup: 4,
    cancel_pickup: 3,
    report_stops: 3,
    send_again: 3,
}
"""Action -> how often it is done, in parts of all."""
