"""The effect of the reply "No" in each state of the pickup."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.texts.cancel_by_reply import TextedPickup, TextedPickupState, reply_to_no
from customers.texts.languages import AutoReply

ZONE = "America/Los_Angeles"
TUESDAY = date(2026, 11, 24)
EVENING = datetime(2026, 11, 24, 3, tzinfo=UTC)  # Monday, seven o'clock
MORNING = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)  # Tuesday, a minute to eight
VAN_LEFT = datetime(2026, 11, 24, 16, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 8, tzinfo=UTC)


def ann(state: TextedPickupState = TextedPickupState.SCHEDULED) -> TextedPickup:
    return TextedPickup("Ann", TUESDAY, state)


def bob(state: TextedPickupState = TextedPickupState.SCHEDULED) -> TextedPickup:
    return TextedPickup("Bob", TUESDAY, state)


@pytest.mark.parametrize(
    ("state", "now", "reply"),
    [
        (TextedPickupState.SCHEDULED, EVENING, AutoReply.CANCELED),
        (TextedPickupState.SCHEDULED, MORNING, AutoReply.CANCELED),
        (TextedPickupState.SCHEDULED, VAN_LEFT, AutoReply.VAN_LEFT),
        (TextedPickupState.SCHEDULED, WEDNESDAY, AutoReply.DAY_PASSED),
        (TextedPickupState.CANCELED, EVENING, AutoReply.CANCELED_BEFORE),
        (TextedPickupState.CANCELED, WEDNESDAY, AutoReply.CANCELED_BEFORE),
        (TextedPickupState.COMPLETED, VAN_LEFT, AutoReply.COMPLETED_BEFORE),
        (TextedPickupState.CHANGED, EVENING, AutoReply.CHANGED),
    ],
)
def test_a_no_to_a_text_has_the_effect_that_its_pickup_allows(
    state: TextedPickupState, now: datetime, reply: AutoReply
) -> None:
    assert reply_to_no([ann(state)], None, now, ZONE, 8) == (reply, ann(state))


def test_a_no_without_a_text_cancels_nothing() -> None:
    assert reply_to_no([], None, EVENING, ZONE, 8) == (AutoReply.NOT_TEXTED, None)


def test_customers_who_share_a_number_must_name_one() -> None:
    assert reply_to_no([ann(), bob()], None, EVENING, ZONE, 8) == (AutoReply.WHICH_CUSTOMER, None)
    assert reply_to_no([ann(), bob()], 1, EVENING, ZONE, 8) == (AutoReply.CANCELED, bob())
    # Not Bob, although only his is left: the "No" may be a repeated one of Ann's.
    assert reply_to_no([ann(TextedPickupState.CANCELED), bob()], None, EVENING, ZONE, 8) == (
        AutoReply.WHICH_CUSTOMER,
        None,
    )


def test_no_name_is_needed_when_the_reply_is_the_same_for_all() -> None:
    assert reply_to_no([ann(), bob()], None, WEDNESDAY, ZONE, 8)[0] is AutoReply.DAY_PASSED
    assert (
        reply_to_no(
            [ann(TextedPickupState.CANCELED), bob(TextedPickupState.CANCELED)],
            None,
            EVENING,
            ZONE,
            8,
        )[0]
        is AutoReply.CANCELED_BEFORE
    )


@given(
    st.lists(
        st.builds(
            TextedPickup,
            st.sampled_from(["Ann", "Bob"]),
            st.just(TUESDAY),
            st.sampled_from(TextedPickupState),
        ),
        max_size=3,
    ),
    st.integers(0, 2) | st.none(),
    st.integers(0, 8 * 24 * 60).map(
        lambda minutes: EVENING + timedelta(minutes=minutes - 4 * 24 * 60)
    ),
    st.integers(0, 23),
)
def test_only_one_scheduled_pickup_in_time_is_ever_canceled(
    texted: list[TextedPickup], named: int | None, now: datetime, leaves: int
) -> None:
    named = named if named is not None and named < len(texted) else None
    reply, about = reply_to_no(texted, named, now, ZONE, leaves)
    if reply is AutoReply.CANCELED:
        assert about
        assert about.state is TextedPickupState.SCHEDULED
        assert len(texted) == 1 or (named is not None and about == texted[named])
        assert now < datetime.combine(TUESDAY, time(leaves), ZoneInfo(ZONE))
