"""How long the queries of an owner's pages take with a large send log and a full outbox."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from bench import fill_send_log
from bench.figures import Figure, progress, rounded
from bench.sizes import Sizes
from customers.models import Brand, Business, Customer, Membership, Order
from events.models import SendLog
from events.send_log import partitions
from events.send_log.retention import months_before

LARGE_BUSINESS = 1
"""The id of the business with nine tenths of the rows."""
REPETITIONS = 5
"""Visits of each page that count; one more before them warms the caches."""
SEND_LOG, OUTBOX = "/admin/events/sendlog/", "/admin/events/outgoing/"
# The default storage needs collected files, which the benchmark does not have.
PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@dataclass
class Stopwatch:
    """Add up the time and the number of queries; used as Django's execute wrapper."""

    milliseconds: float = 0.0
    queries: int = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.milliseconds += 1_000 * (time.perf_counter() - started)
            self.queries += 1


def measure_pages(sizes: Sizes) -> Iterator[Figure]:
    """Measure the pages of the send log and the outbox, plain, filtered and searched."""
    now = timezone.now()
    started = time.monotonic()
    fill_send_log.fill_send_log(sizes.history_rows, now)
    fill_send_log.fill_outbox(LARGE_BUSINESS, sizes.history_waiting)
    size = _database_gigabytes()
    progress(f"filled in {time.monotonic() - started:.0f} s, {size:.1f} GB")
    extra = {
        "rows": sizes.history_rows,
        "waiting": sizes.history_waiting,
        "database_gb": rounded(size),
    }
    with override_settings(STORAGES=PLAIN_FILES):
        owner = _log_in_owner()
        yield _figure("send_log_first_page_ms", owner, SEND_LOG, {"first": {}}, extra)
        yield _figure("send_log_filtered_page_ms", owner, SEND_LOG, _filters(now), extra)
        yield _figure("send_log_search_ms", owner, SEND_LOG, _searches(), extra)
        message = {"message": f"{_refused_message()}/change/"}
        yield _figure("send_log_message_ms", owner, SEND_LOG, message, extra)
        yield _figure("outbox_first_page_ms", owner, OUTBOX, {"first": {}}, extra)
        yield _figure("outbox_filtered_page_ms", owner, OUTBOX, _outbox_filters(), extra)


def _log_in_owner() -> Client:
    user = User.objects.create(username="owner", is_staff=True)
    Membership.objects.create(user=user, business_id=LARGE_BUSINESS, role=Membership.Role.OWNER)
    client = Client(headers={"host": "smrt.example.com"})
    client.force_login(user)
    return client


def _figure(
    name: str, client: Client, address: str, views: Mapping[str, Any], extra: Mapping[str, Any]
) -> Figure:
    """Return the time of the slowest view, and of each view.

    The time of a view is the median of its visits. The first visit is not in it; the longest
    first visit is shown as `first_visit`. `least` compares the fastest visit of each view and
    takes the slowest: a busy machine adds to the value, and hardly to `least`.
    """
    medians, least, firsts, queries = {}, {}, {}, 0
    for view, request in views.items():
        visits = [_visit(client, address, request) for _ in range(REPETITIONS + 1)]
        firsts[view] = visits[0].milliseconds
        medians[view] = median(visit.milliseconds for visit in visits[1:])
        least[view] = min(visit.milliseconds for visit in visits)
        queries = max(queries, visits[0].queries)
    by_view = {view: rounded(value) for view, value in medians.items()} if len(views) > 1 else {}
    details = {
        "least": rounded(max(least.values())),
        "first_visit": rounded(max(firsts.values())),
        "queries": queries,
    }
    return Figure(name, max(medians.values()), "ms", {**by_view, **details, **extra})


def _visit(client: Client, address: str, request: Any) -> Stopwatch:
    """Open a page. `request` is the rest of its address, or its query as a dict."""
    watch = Stopwatch()
    with connection.execute_wrapper(watch):
        path = address + request if isinstance(request, str) else address
        response: Any = client.get(path, request if isinstance(request, dict) else {}, secure=True)
    if response.status_code != 200:
        raise AssertionError(f"{path} returned {response.status_code}.")
    return watch


def _filters(now: datetime) -> dict[str, dict[str, Any]]:
    month = partitions.month_of(now)
    oldest, middle = (
        months_before(month, fill_send_log.MONTHS - 1),
        months_before(month, fill_send_log.MONTHS // 2),
    )
    brands = dict(Brand.objects.filter(business_id=LARGE_BUSINESS).values_list("name", "pk"))
    return {
        "rare_outcome": {"outcome": "rejected"},
        "outcome_long_ago": {"outcome": "expired"},
        "rare_event": {"event": "Customer Birthday"},
        "event_that_never_was": {"event": "Customer Lost"},
        "brand": {"brand": brands["Example Brand 1"]},
        "brand_long_ago": {"brand": brands["Closed Long Ago"]},
        "brand_without_any": {"brand": brands["Opened Today"]},
        "days_long_ago": {"since": oldest.isoformat(), "until": oldest.replace(day=3).isoformat()},
        "until_long_ago": {"until": middle.isoformat()},
        "several": {
            "event": "Pickup Missed",
            "outcome": "rejected",
            "until": middle.isoformat(),
            "brand": brands["Example Brand 1"],
        },
        "nothing_matches": {
            "event": "Customer Birthday",
            "outcome": "rejected",
            "brand": brands["Example Brand 2"],
        },
        "deep": {"before": f"{_day_of(oldest, 20, now)}_1000000000"},
        "back_from_deep": {"after": f"{_day_of(middle, 9, now)}_1"},
    }


def _day_of(month: date, day: int, now: datetime) -> str:
    return datetime(month.year, month.month, day, tzinfo=now.tzinfo).isoformat()


def _searches() -> dict[str, dict[str, Any]]:
    customer = Customer.objects.filter(business_id=LARGE_BUSINESS).order_by("-pk").first()
    order = Order.objects.filter(business_id=LARGE_BUSINESS).first()
    entry = SendLog.objects.filter(business_id=LARGE_BUSINESS).order_by("id").first()
    assert customer
    assert order
    assert entry
    return {
        "message_id": {"q": entry.message_id},
        "order_number": {"q": order.number},
        "last_name": {"q": customer.last_name},
        "both_names": {"q": f"{customer.first_name} {customer.last_name[:9]}"},
        "common_name": {"q": "exa"},
        "unknown_name": {"q": "robin nobody"},
        "phone": {"q": customer.phone},
        "end_of_phone": {"q": customer.phone[-4:]},
        "email": {"q": customer.email},
        "name_and_outcome": {"q": "robin", "outcome": "rejected"},
    }


def _outbox_filters() -> dict[str, dict[str, Any]]:
    brands = dict(Brand.objects.filter(business_id=LARGE_BUSINESS).values_list("name", "pk"))
    business = Business.objects.get(pk=LARGE_BUSINESS)
    return {
        "event": {"event": "Customer Visit"},
        "event_that_does_not_wait": {"event": "Order Ready"},
        "brand_without_any": {"brand": brands["Opened Today"]},
        "day": {"since": business.today().isoformat()},
        "unknown_message": {"q": "0" * 32},
    }


def _refused_message() -> int:
    """Return the id of the newest message that Segment refused."""
    return (
        SendLog.objects.filter(
            business_id=LARGE_BUSINESS, event="Customer Visit", outcome="rejected"
        )
        .order_by("-settled_at")[0]
        .pk
    )


def _database_gigabytes() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 1e9
