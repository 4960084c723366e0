"""What a "No" does, from how things stand: a table."""

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
def test_a_no_about_one_pickup(state: TextedPickupState, now: datetime, reply: AutoReply) -> None:
    assert reply_to_no([ann(state)], None, now, ZONE, 8) == (reply, ann(state))


def test_a_no_about_nothing() -> None:
    assert reply_to_no([], None, EVENING, ZONE, 8) == (AutoReply.NOT_TEXTED, None)


def test_who_shares_a_number_must_say_whose_pickup_is_meant() -> None:
    assert reply_to_no([ann(), bob()], None, EVENING, ZONE, 8) == (AutoReply.WHICH_CUSTOMER, None)
    assert reply_to_no([ann(), bob()], 1, EVENING, ZONE, 8) == (AutoReply.CANCELED, bob())
    # not the only one that is left: the answer may be the same one twice
    assert reply_to_no([ann(TextedPickupState.CANCELED), bob()], None, EVENING, ZONE, 8) == (
        AutoReply.WHICH_CUSTOMER,
        None,
    )


def test_what_is_true_of_all_who_share_a_number_needs_no_name() -> None:
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
    asked: list[TextedPickup], chosen: int | None, now: datetime, leaves: int
) -> None:
    chosen = chosen if chosen is not None and chosen < len(asked) else None
    reply, about = reply_to_no(asked, chosen, now, ZONE, leaves)
    if reply is AutoReply.CANCELED:
        assert about
        assert about.state is TextedPickupState.SCHEDULED
        assert len(asked) == 1 or (chosen is not None and about == asked[chosen])
        assert now < datetime.combine(TUESDAY, time(leaves), ZoneInfo(ZONE))
