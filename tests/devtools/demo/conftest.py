"""The demo's people, and the real web server and stand-ins that they use."""

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
    """The demo businesses by name, just created."""
    seed()
    return {demo.name: Business.objects.get(name=demo.name) for demo in BUSINESSES}


class NeverRepeats(Random):
    """No request is repeated."""

    def randrange(self, *bounds: int) -> int:  # type: ignore[override]
        return 1


class AlwaysRepeats(Random):
    """Every request is repeated."""

    def randrange(self, *bounds: int) -> int:  # type: ignore[override]
        return 0


class DemoSystem:
    """The demo with its servers: what people did, what was printed, and what the stand-ins got."""

    def __init__(self, web: Web, segment: SegmentStandIn, twilio: TwilioStandIn) -> None:
        self.web, self.segment, self.twilio = web, segment, twilio
        self.lines: list[str] = []
        self.servers = DemoServers(web.url, twilio.url, self.lines.append, NeverRepeats())
        self.random = Random(1)
        self._seen, self._read = 0, len(web.printed)

    def create(self) -> None:
        """Create the demo businesses, with the last evening's texts on the phones."""
        seed()
        create_keys()
        self.twilio.reset()
        assert stand_ins.remember_texts(self.twilio.url)

    def act(self, action: simulation.Action, demo: DemoBusiness = BUSINESSES[0]) -> str | None:
        return simulation.run_action(action, demo, self.servers, self.random)

    def arrived(self) -> list[dict[str, Any]]:
        """Return the messages that arrived at Segment since the last call."""
        Delivery().run()
        messages = self.segment.accepted()
        new, self._seen = messages[self._seen :], len(messages)
        return new

    def events(self) -> dict[str, dict[str, Any]]:
        """Return what arrived since the last call: by event, the last properties or traits."""
        return {
            one.get("event", one["type"]): one[
                "traits" if one["type"] == "identify" else "properties"
            ]
            for one in self.arrived()
        }

    def requests(self, method: str = "POST") -> list[str]:
        """Return the paths requested from the web server since the last call, without the API's."""
        printed = self.web.printed
        new, self._read = printed[self._read :], len(printed)
        return [
            path
            for path in re.findall(rf"request_started .*request='{method} (\S+)'", new)
            if not path.startswith("/api/")
        ]

    def posts(self, client: str) -> int:
        """Return the number of calls with a key of this kind and an Idempotency-Key."""
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
    """The demo's servers without businesses."""
    web.replace_child()
    twilio.reset()
    return DemoSystem(web, segment, twilio)


@pytest.fixture
def system(empty_system: DemoSystem) -> DemoSystem:
    empty_system.create()
    return empty_system
