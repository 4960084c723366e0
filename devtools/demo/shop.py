"""A demo business from outside: what its tills, its drivers' phones, its website and its customers' browsers speak to."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from random import Random
from uuid import UUID

from customers.models import Business
from devtools.demo import keys
from devtools.demo.api import Api, Row
from devtools.demo.browser import Browser
from devtools.demo.businesses import DemoBusiness
from devtools.demo.wire import Say, Wire
from smrt_integration.api.scopes import Client


@dataclass(frozen=True)
class Doors:
    """Addresses of the servers: `web` has the API and the customers' pages, `phones` is the stand-in for Twilio, or "" without one."""

    web: str
    phones: str
    say: Say
    repeats: Random = field(default_factory=Random)

    @cached_property
    def api(self) -> Wire:
        return Wire(self.web, "web server", self.say)

    @cached_property
    def texts(self) -> Wire:
        return Wire(self.phones, "stand-in for Twilio", self.say)

    def browser(self, random: Random) -> Browser:
        """Of somebody at home, so not at everybody's address: only so many may sign up from one in an hour."""
        home = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        return Browser(Wire(self.web, "web server", self.say, home))


@dataclass
class Shop:
    """For one action: what it reads of the business is read by way of the API, when it is first wanted."""

    demo: DemoBusiness
    uuid: UUID
    name: str
    currency: str
    today: date
    text_number: str
    doors: Doors

    @classmethod
    def of(cls, demo: DemoBusiness, business: Business, doors: Doors) -> "Shop":
        number = business.text_settings.number if hasattr(business, "text_settings") else ""
        return cls(
            demo, business.uuid, business.name, business.currency, business.today(), number, doors
        )

    @cached_property
    def till(self) -> Api:
        return self._client(Client.POS, "a till")

    @cached_property
    def phone(self) -> Api:
        """A driver's, with the delivery app."""
        return self._client(Client.APP, "a driver's phone")

    @cached_property
    def site(self) -> Api:
        """The backend of the business's own website, for what customers tell there and not on their account's pages."""
        return self._client(Client.WEBSITE, "the website")

    def _client(self, client: Client, name: str) -> Api:
        return Api(
            self.doors.api, name, keys.secret(self.demo, client), self._say, self.doors.repeats
        )

    def _say(self, line: str) -> None:
        self.doors.say(f"{self.name}: {line}")

    @cached_property
    def agents(self) -> list[Row]:
        return self.till.every("agents")

    @cached_property
    def stores(self) -> list[str]:
        return [agent["id"] for agent in self.agents if agent["kind"] == "STORE"]

    @cached_property
    def routes(self) -> list[str]:
        return [agent["id"] for agent in self.agents if agent["kind"] == "ROUTE"]

    @cached_property
    def brands(self) -> list[str]:
        return _ids(self.till.every("brands"))

    @cached_property
    def groups(self) -> list[str]:
        return _ids(self.till.every("customer-groups"))

    @cached_property
    def discounts(self) -> list[str]:
        return _ids(self.till.every("discounts"))

    @cached_property
    def departments(self) -> list[str]:
        return _ids(self.till.every("departments"))

    @cached_property
    def counter(self) -> list[str]:
        return _ids(self.till.every("employees", role="COUNTER"))

    @cached_property
    def drivers(self) -> list[Row]:
        return self.phone.every("employees", role="DRIVER")


def _ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]
