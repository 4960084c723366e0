"""What is left out of an identify that Segment refuses, or that is too large. Pure."""

import json
from dataclasses import replace
from itertools import chain
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.identify import IDENTIFY
from events.utf8_json import to_utf8
from smrt_integration.delivery import reduce
from smrt_integration.delivery.messages import LaneMessages
from smrt_integration.delivery.post import LANE_BUDGET_SECONDS, post_lane
from smrt_integration.delivery.reduce import KEPT_TRAITS
from smrt_integration.delivery.responses import Response, interpret
from tests.delivery.test_post import LANE, built_message

FIELD_NAMES = st.text("abcde", min_size=1, max_size=3)
TRAITS = st.builds(
    lambda kept, others, fields: kept | others | {"customFields": fields},
    st.fixed_dictionaries({name: st.text(max_size=5) for name in sorted(KEPT_TRAITS)}),
    st.dictionaries(st.sampled_from(["name", "brand", "address", "group"]), st.text(max_size=20)),
    st.lists(
        st.builds(lambda name, value: {"name": name, "value": value}, FIELD_NAMES, st.text()),
        unique_by=lambda field: field["name"],
        max_size=6,
    ),
)


@settings(max_examples=40)
@given(TRAITS, st.integers(0, 400))
def test_leaving_out_makes_it_small_enough_or_leaves_only_what_is_kept(
    traits: dict[str, Any], excess: int
) -> None:
    omitted = reduce.fitting(traits, excess)
    left = reduce.without(traits, omitted)

    saved = len(json.dumps(traits)) - len(json.dumps(left))
    assert saved >= excess or left.keys() == KEPT_TRAITS | (left.keys() & {"customFields"})
    if any(not name.startswith("customFields.") for name in omitted):
        assert not left.get("customFields"), "the custom fields are left out first"


@settings(max_examples=40)
@given(TRAITS)
def test_each_step_leaves_out_more_and_the_last_all_but_what_is_kept(
    traits: dict[str, Any],
) -> None:
    steps = list(reduce.reductions(traits))
    lefts = [reduce.without(traits, step) for step in steps]

    for left in lefts:
        assert {name: left[name] for name in left.keys() - {"customFields"}}.items() <= (
            traits.items()
        ), "nothing is changed, and nothing becomes null"
        assert left.keys() >= KEPT_TRAITS
    assert len(steps) <= 2
    if steps:
        assert lefts[-1].keys() - {"customFields"} == KEPT_TRAITS
        assert not lefts[-1].get("customFields")


def test_an_identify_that_is_refused_when_the_time_is_up_is_still_tried_once_more() -> None:
    """Otherwise a Segment that answers slowly would have it refused again in every round."""
    posted: list[dict[str, Any]] = []

    def post(key: str, host: str, messages: list[bytes], retries: int) -> Response:
        left = json.loads(messages[0])["traits"]
        posted.append(left)
        return interpret(400 if "brand" in left else 200, None)

    traits = {"email": "a@example.com", "brand": "Bad", "customFields": [{"name": "N", "value": 1}]}
    fields = {"type": IDENTIFY, "traits": traits}
    identify = replace(
        built_message(1, IDENTIFY), fields=fields, wire=to_utf8(fields), traits=traits
    )
    clock = chain([0.0], iter(lambda: LANE_BUDGET_SECONDS + 1, None))

    result = post_lane(LaneMessages(LANE, [identify]), post, lambda: next(clock))

    assert posted == [traits, {"email": "a@example.com"}]
    assert ([m.omitted for m in result.accepted], result.refused_alone) == (
        [("customFields.N", "brand")],
        [],
    )
