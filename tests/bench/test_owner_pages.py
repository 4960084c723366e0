"""The benchmark of the owner's pages, with a small send log: it is filled, and every page opens."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from bench import fill_send_log, owner_pages
from bench.parts import PARTS
from bench.sizes import Sizes
from events.models import DailyCount, Outgoing, SendLog
from events.send_log import partitions

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, WAITING = 1_300, 100

COUNT_WRONG_DAILY_COUNTS = """
SELECT count(*) FROM (
    SELECT
        l.business_id, l.event, l.outcome, l.brand_id,
        (l.settled_at AT TIME ZONE b.time_zone)::date, count(*)
    FROM events_sendlog l JOIN customers_business b ON b.id = l.business_id
    GROUP BY 1, 2, 3, 4, 5
    EXCEPT SELECT business_id, event, outcome, brand_id, day, messages FROM events_dailycount
) d
"""


@pytest.fixture(autouse=True)
def _few_businesses(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Iterator[None]:
    monkeypatch.setattr(fill_send_log, "SMALL_BUSINESSES", 20)
    settings.ALLOWED_HOSTS = ["*"]
    yield
    partitions.drop_before(partitions.month_of(timezone.now()))


def test_the_send_log_has_rows_in_thirteen_months_and_their_daily_counts() -> None:
    now = timezone.now()
    fill_send_log.fill_send_log(ROWS, now)
    assert SendLog.objects.count() == ROWS
    assert SendLog.objects.filter(business_id=owner_pages.LARGE_BUSINESS).count() == ROWS * 9 // 10
    times = SendLog.objects.values_list("settled_at", flat=True)
    assert len({partitions.month_of(at) for at in times}) == 13
    assert DailyCount.objects.aggregate(all=Sum("messages"))["all"] == ROWS
    with connection.cursor() as cursor:
        cursor.execute(COUNT_WRONG_DAILY_COUNTS)
        assert cursor.fetchone()[0] == 0


def test_every_page_is_measured() -> None:
    figures = list(owner_pages.measure_pages(Sizes(history_rows=ROWS, history_waiting=WAITING)))
    (part,) = [part for part in PARTS if part.name == "history"]
    assert tuple(figure.name for figure in figures) == part.figures
    assert Outgoing.objects.count() == WAITING
    assert all(figure.extra["queries"] < 40 for figure in figures)
