"""Each message is posted exactly as its golden message says."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import time_machine

from events import catalogue
from events.identify import IDENTIFY
from smrt_integration.delivery.deliver import Delivery
from tests.events import golden
from tests.events.contract import EVENTS, violations
from tests.events.golden_business import TUESDAY, GoldenBusiness
from tests.events.scenarios import SCENARIOS
from tests.segment import SegmentStandIn


@pytest.fixture
def on_a_tuesday(settings: Any) -> Iterator[None]:
    # The customer's link depends on both.
    settings.SECRET_KEY = "for golden messages only"
    settings.PUBLIC_URL = "https://cleaners.example.com"
    with time_machine.travel(TUESDAY, tick=False):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("on_a_tuesday")
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_posted_message_equals_the_golden_message(name: str, segment: SegmentStandIn) -> None:
    business = GoldenBusiness()
    event = SCENARIOS[name](business)
    Delivery().run()
    assert [arrival.reason for arrival in segment.messages(verdict="dropped")] == []
    (message,) = [
        message for message in segment.accepted() if message.get("event", message["type"]) == event
    ]
    assert violations(message) == []
    stable = golden.with_placeholders(message, business.line_item_id)
    if golden.is_writing():
        golden.write(name, stable)
    golden.check(name, stable)


def test_every_golden_message_has_a_scenario_and_every_scenario_a_golden_message() -> None:
    assert set(golden.committed()) == set(SCENARIOS)


def test_every_event_and_identify_has_a_golden_message_named_after_it() -> None:
    events = {name: message.get("event", IDENTIFY) for name, message in golden.committed().items()}
    assert set(events.values()) == catalogue.EVENT_NAMES | {IDENTIFY}
    assert {golden.slug(event) for event in events.values()} <= set(events)
    assert [name for name, event in events.items() if not name.startswith(golden.slug(event))] == []


def test_the_catalogue_lists_the_contract_s_events_in_its_order() -> None:
    assert [event.name for event in catalogue.EVENTS] == list(EVENTS)


class TestComparison:
    """A comparison notices every difference. Tried on a message that has everything."""

    def test_a_comparison_shows_each_line_that_differs(self) -> None:
        message = golden.committed()["order-created-with-discount"]
        changed = deepcopy(message)
        changed["properties"]["discount"]["value"] = 11.0
        difference = golden.compare("order-created-with-discount", changed).splitlines()
        assert [line.strip() for line in difference if line[:1] in "+-" and line[1:2] == " "] == [
            '-      "value": 10.0',
            '+      "value": 11.0',
        ]

    @pytest.mark.parametrize("value", [True, 1, "1.0", None])
    def test_a_comparison_notices_a_value_of_another_type(self, value: object) -> None:
        message = golden.committed()["order-created"]
        assert golden.compare("order-created", message) == ""
        message["properties"]["value"] = 1.0
        was = golden.compare("order-created", message)
        message["properties"]["value"] = value
        assert golden.compare("order-created", message) not in {"", was}

    def test_a_difference_fails_the_test_and_does_not_write_the_golden_message(self) -> None:
        before = golden.path("identify").read_text()
        with pytest.raises(
            AssertionError, match=r"^identify has changed:\n--- golden/identify\.json"
        ):
            golden.check("identify", {"type": "identify"})
        assert golden.path("identify").read_text() == before

    def test_a_missing_golden_message_fails_the_test(self) -> None:
        with pytest.raises(AssertionError, match="no-such-message has changed:"):
            golden.check("no-such-message", {"type": "track"})
        assert not golden.path("no-such-message").exists()
