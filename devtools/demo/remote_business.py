"""A demo business from outside: its tills, drivers' phones, website and customers' browsers."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from random import Random
from uuid import UUID

from customers.models import Business
from devtools.demo import api_keys
from devtools.demo.api_client import ApiClient, Row
from devtools.demo.businesses import DemoBusiness
from devtools.demo.http_client import HttpClient, WriteLine
from devtools.demo.simple_browser import SimpleBrowser
from smrt_integration.api.scopes import Client


@dataclass(frozen=True)
class DemoServers:
    """The servers: `web_url` has the API and pages, `phones_url` is the Twilio stand-in or ""."""

    web_url: str
    phones_url: str
    write_line: WriteLine
    repeats: Random = field(default_factory=Random)

    @cached_property
    def web_server(self) -> HttpClient:
        return HttpClient(self.web_url, "web server", self.write_line)

    @cached_property
    def phones_page(self) -> HttpClient:
        return HttpClient(self.phones_url, "stand-in for Twilio", self.write_line)

    def browser(self, random: Random) -> SimpleBrowser:
        """Return a browser with an IP address of its own, as sign-ups are limited per address."""
        source_address = (
            f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        )
        return SimpleBrowser(
            HttpClient(self.web_url, "web server", self.write_line, source_address)
        )


@dataclass
class RemoteBusiness:
    """A demo business during one action. Its lists are read through the API when first used."""

    demo: DemoBusiness
    uuid: UUID
    name: str
    currency: str
    today: date
    text_number: str
    servers: DemoServers

    @classmethod
    def create(
        cls, demo: DemoBusiness, business: Business, servers: DemoServers
    ) -> "RemoteBusiness":
        number = business.text_settings.number if hasattr(business, "text_settings") else ""
        return cls(
            demo, business.uuid, business.name, business.currency, business.today(), number, servers
        )

    @cached_property
    def till(self) -> ApiClient:
        return self._api_client(Client.POS, "a till")

    @cached_property
    def phone(self) -> ApiClient:
        """The phone of a driver, with the delivery app."""
        return self._api_client(Client.APP, "a driver's phone")

    @cached_property
    def site(self) -> ApiClient:
        """The backend of the business's own website."""
        return self._api_client(Client.WEBSITE, "the website")

    def _api_client(self, client: Client, name: str) -> ApiClient:
        return ApiClient(
            self.servers.web_server,
            name,
            api_keys.secret(self.demo, client),
            self._write_line,
            self.servers.repeats,
        )

    def _write_line(self, line: str) -> None:
        self.servers.write_line(f"{self.name}: {line}")

    @cached_property
    def agents(self) -> list[Row]:
        return self.till.list_rows("agents")

    @cached_property
    def stores(self) -> list[str]:
        return [agent["id"] for agent in self.agents if agent["kind"] == "STORE"]

    @cached_property
    def routes(self) -> list[str]:
        return [agent["id"] for agent in self.agents if agent["kind"] == "ROUTE"]

    @cached_property
    def brands(self) -> list[str]:
        return _ids(self.till.list_rows("brands"))

    @cached_property
    def groups(self) -> list[str]:
        return _ids(self.till.list_rows("customer-groups"))

    @cached_property
    def discounts(self) -> list[str]:
        return _ids(self.till.list_rows("discounts"))

    @cached_property
    def departments(self) -> list[str]:
        return _ids(self.till.list_rows("departments"))

    @cached_property
    def counter(self) -> list[str]:
        return _ids(self.till.list_rows("employees", role="COUNTER"))

    @cached_property
    def drivers(self) -> list[Row]:
        return self.phone.list_rows("employees", role="DRIVER")


def _ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]
