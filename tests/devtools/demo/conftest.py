"""The demo's people, and the real web server and stand-ins that they act through."""

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from customers.models import Business
from devtools.demo import simulation, stand_ins
from devtools.demo.api_keys import create_keys
from devtools.demo.businesses import BUSINESSES, DemoBusiness
from devtools.demo.remote_business import DemoServers
from devtools.demo.seed import seed
from smrt_integration.api.models import Answered
from smrt_integration.delivery.deliver import Delivery
from tests.segment import SegmentStandIn
from tests.twilio import TOKEN, TwilioStandIn
from tests.web import Web


@pytest.fixture
def businesses(db: None) -> Mapping[str, Business]:
    """The demo businesses, freshly made, by name."""
    seed()
    return {demo.name: Business.objects.get(name=demo.name) for demo in BUSINESSES}


class NeverRepeats(Random):
    """Nothing is sent twice."""

    def randrange(self, *bounds: int) -> int:  # type: ignore[override]
        return 1


class AlwaysRepeats(Random):
    """Everything is."""

    def randrange(self, *bounds: int) -> int:  # type: ignore[override]
        return 0


class DemoSystem:
    """Where the demo's people live: what they did, what was said of it, and what Segment and Twilio got."""

    def __init__(self, web: Web, segment: SegmentStandIn, twilio: TwilioStandIn) -> None:
        self.web, self.segment, self.twilio = web, segment, twilio
        self.said: list[str] = []
        self.servers = DemoServers(web.url, twilio.url, self.said.append, NeverRepeats())
        self.random = Random(1)
        self._seen, self._read = 0, len(web.printed)

    def create(self) -> None:
        """The demo businesses, freshly made, and the last evening's texts on the phones."""
        seed()
        create_keys()
        self.twilio.reset()
        assert stand_ins.remember_texts(self.twilio.url)

    def act(self, action: simulation.Action, demo: DemoBusiness = BUSINESSES[0]) -> str | None:
        return simulation.run_action(action, demo, self.servers, self.random)

    def arrived(self) -> list[dict[str, Any]]:
        """At Segment, since this was asked the last time."""
        Delivery().run()
        messages = self.segment.accepted()
        new, self._seen = messages[self._seen :], len(messages)
        return new

    def events(self) -> dict[str, dict[str, Any]]:
        """What arrived, by event: the properties of the last one, or the traits."""
        return {
            one.get("event", one["type"]): one[
                "traits" if one["type"] == "identify" else "properties"
            ]
            for one in self.arrived()
        }

    def requests(self, method: str = "POST") -> list[str]:
        """The paths that were asked for at the web server since this was asked the last time, other than the API's."""
        printed = self.web.printed
        new, self._read = printed[self._read :], len(printed)
        return [
            path
            for path in re.findall(rf"request_started .*request='{method} (\S+)'", new)
            if not path.startswith("/api/")
        ]

    def posts(self, client: str) -> int:
        """How many were made with a key of this kind and an Idempotency-Key."""
        return Answered.objects.filter(key__client=client).count()


@pytest.fixture(scope="package")
def web(django_db_setup: None, stand_in: SegmentStandIn) -> Iterator[Web]:
    web = Web({"SEGMENT_HOST": stand_in.url, "TWILIO_AUTH_TOKEN": TOKEN, "LOG_LEVEL": "INFO"})
    yield web
    web.kill()


@pytest.fixture(scope="package")
def twilio(web: Web) -> Iterator[TwilioStandIn]:
    with TwilioStandIn(webhook=f"{web.url}/texts/incoming") as twilio:
        yield twilio


@pytest.fixture
def empty_system(
    web: Web, twilio: TwilioStandIn, transactional_db: None, segment: SegmentStandIn
) -> DemoSystem:
    """A system without businesses."""
    web.replace_child()
    twilio.reset()
    return DemoSystem(web, segment, twilio)


@pytest.fixture
def system(empty_system: DemoSystem) -> DemoSystem:
    empty_system.create()
    return empty_system
