"""What a "No" does, from how things stand: a table."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.texts.languages import Reply
from customers.texts.replies import Asked, Standing, to_no

ZONE = "America/Los_Angeles"
TUESDAY = date(2026, 11, 24)
EVENING = datetime(2026, 11, 24, 3, tzinfo=UTC)  # Monday, seven o'clock
MORNING = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)  # Tuesday, a minute to eight
VAN_LEFT = datetime(2026, 11, 24, 16, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 8, tzinfo=UTC)


def ann(standing: Standing = Standing.SCHEDULED) -> Asked:
    return Asked("Ann", TUESDAY, standing)


def bob(standing: Standing = Standing.SCHEDULED) -> Asked:
    return Asked("Bob", TUESDAY, standing)


@pytest.mark.parametrize(
    ("standing", "now", "reply"),
    [
        (Standing.SCHEDULED, EVENING, Reply.CANCELED),
        (Standing.SCHEDULED, MORNING, Reply.CANCELED),
        (Standing.SCHEDULED, VAN_LEFT, Reply.VAN_LEFT),
        (Standing.SCHEDULED, WEDNESDAY, Reply.PASSED),
        (Standing.CANCELED, EVENING, Reply.CANCELED_ALREADY),
        (Standing.CANCELED, WEDNESDAY, Reply.CANCELED_ALREADY),
        (Standing.COMPLETED, VAN_LEFT, Reply.DONE_ALREADY),
        (Standing.MADE_ANEW, EVENING, Reply.MADE_ANEW),
    ],
)
def test_a_no_about_one_pickup(standing: Standing, now: datetime, reply: Reply) -> None:
    assert to_no([ann(standing)], None, now, ZONE, 8) == (reply, ann(standing))


def test_a_no_about_nothing() -> None:
    assert to_no([], None, EVENING, ZONE, 8) == (Reply.NOT_ASKED, None)


def test_who_shares_a_number_must_say_whose_pickup_is_meant() -> None:
    assert to_no([ann(), bob()], None, EVENING, ZONE, 8) == (Reply.WHICH, None)
    assert to_no([ann(), bob()], 1, EVENING, ZONE, 8) == (Reply.CANCELED, bob())
    # not the only one that is left: the answer may be the same one twice
    assert to_no([ann(Standing.CANCELED), bob()], None, EVENING, ZONE, 8) == (Reply.WHICH, None)


def test_what_is_true_of_all_who_share_a_number_needs_no_name() -> None:
    assert to_no([ann(), bob()], None, WEDNESDAY, ZONE, 8)[0] is Reply.PASSED
    assert (
        to_no([ann(Standing.CANCELED), bob(Standing.CANCELED)], None, EVENING, ZONE, 8)[0]
        is Reply.CANCELED_ALREADY
    )


@given(
    st.lists(
        st.builds(
            Asked, st.sampled_from(["Ann", "Bob"]), st.just(TUESDAY), st.sampled_from(Standing)
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
    asked: list[Asked], chosen: int | None, now: datetime, leaves: int
) -> None:
    chosen = chosen if chosen is not None and chosen < len(asked) else None
    reply, about = to_no(asked, chosen, now, ZONE, leaves)
    if reply is Reply.CANCELED:
        assert about
        assert about.standing is Standing.SCHEDULED
        assert len(asked) == 1 or (chosen is not None and about == asked[chosen])
        assert now < datetime.combine(TUESDAY, time(leaves), ZoneInfo(ZONE))
