"""Each message exactly as posted, from the action in the shop to the request that Segment gets."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import time_machine

from events import catalogue
from events.identify import IDENTIFY
from smrt_integration.delivery.deliver import Delivery
from tests.events import golden
from tests.events.contract import EVENTS, complaints
from tests.events.golden_business import TUESDAY, Shop
from tests.events.scenarios import STORIES
from tests.segment import SegmentStandIn


@pytest.fixture
def on_a_tuesday(settings: Any) -> Iterator[None]:
    # The link is made from both.
    settings.SECRET_KEY = "for golden messages only"
    settings.PUBLIC_URL = "https://cleaners.example.com"
    with time_machine.travel(TUESDAY, tick=False):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("on_a_tuesday")
@pytest.mark.parametrize("name", STORIES)
def test_it_is_posted_as_the_golden_message_says(name: str, segment: SegmentStandIn) -> None:
    shop = Shop()
    event = STORIES[name](shop)
    Delivery().run()
    assert [arrival.reason for arrival in segment.messages(verdict="dropped")] == []
    (message,) = [
        message for message in segment.accepted() if message.get("event", message["type"]) == event
    ]
    assert complaints(message) == []
    steady = golden.without_chance(message, shop.line_item_id)
    if golden.writing():
        golden.write(name, steady)
    golden.check(name, steady)


def test_every_golden_message_is_some_story_s_and_the_other_way_round() -> None:
    assert set(golden.committed()) == set(STORIES)


def test_every_event_and_identify_has_a_golden_message_named_after_it() -> None:
    told = {name: message.get("event", IDENTIFY) for name, message in golden.committed().items()}
    assert set(told.values()) == catalogue.EVENT_NAMES | {IDENTIFY}
    assert {golden.slug(event) for event in told.values()} <= set(told)
    assert [name for name, event in told.items() if not name.startswith(golden.slug(event))] == []


def test_the_catalogue_lists_the_contract_s_events_in_its_order() -> None:
    assert [event.name for event in catalogue.EVENTS] == list(EVENTS)


class TestADifference:
    """What a comparison must notice, tried on a message that has everything."""

    def test_is_shown_line_by_line(self) -> None:
        message = golden.committed()["order-created-with-discount"]
        changed = deepcopy(message)
        changed["properties"]["discount"]["value"] = 11.0
        shown = golden.compare("order-created-with-discount", changed).splitlines()
        assert [line.strip() for line in shown if line[:1] in "+-" and line[1:2] == " "] == [
            '-      "value": 10.0',
            '+      "value": 11.0',
        ]

    @pytest.mark.parametrize("value", [True, 1, "1.0", None])
    def test_of_type_alone_is_one(self, value: object) -> None:
        message = golden.committed()["order-created"]
        assert golden.compare("order-created", message) == ""
        message["properties"]["value"] = 1.0
        was = golden.compare("order-created", message)
        message["properties"]["value"] = value
        assert golden.compare("order-created", message) not in {"", was}

    def test_fails_the_test_and_leaves_the_golden_message_alone(self) -> None:
        before = golden.path("identify").read_text()
        with pytest.raises(
            AssertionError, match=r"^identify has changed:\n--- golden/identify\.json"
        ):
            golden.check("identify", {"type": "identify"})
        assert golden.path("identify").read_text() == before

    def test_with_a_message_that_is_not_there_is_all_of_it(self) -> None:
        with pytest.raises(AssertionError, match="no-such-message has changed:"):
            golden.check("no-such-message", {"type": "track"})
        assert not golden.path("no-such-message").exists()
