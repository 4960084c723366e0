"""The home page: of one business, or a list of several with those in trouble first."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from customers import access
from customers.clock_in_use import use_clock
from customers.models import Business, IncomingText, TextSettings
from events.catalogue import EVENT_SETTINGS
from events.lanes.read_status import lane_statuses
from events.lanes.status import LaneStatus, is_delayed, state_of, status_sentence
from events.models import Integration, Outcome
from smrt_integration.admin.home import charts
from smrt_integration.admin.home.attention import (
    AttentionItem,
    AttentionLink,
    attention_items,
    has_never_sent,
    text_items,
)
from smrt_integration.admin.home.figures import (
    DAYS_SHOWN,
    EventFigures,
    Figures,
    OutcomeCounts,
    count_failed,
    figures_of,
    sent_today,
)
from smrt_integration.admin.integration.show_status import LANE_BADGES, lane_context
from smrt_integration.admin.messages.outcomes import OUTCOME_BADGES
from smrt_integration.health.clocks import wrong_clocks

BUSINESSES_PER_PAGE = 25
"""About two screens: support finds a business by name rather than by leafing."""
STOPPED, FAILING, WELL = 2, 1, 0


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the template admin/index.html; the theme calls this."""
    context = context | {"wrong_clocks": _wrong_clocks(request)}
    visible = access.businesses_of(request.user)
    first_two = list(visible[:2])
    business_id = request.GET.get("business", "")
    if business_id or len(first_two) == 1:
        business = _visible_business(visible, business_id) if business_id else first_two[0]
        return context | _business_context(request, business, several=len(first_two) > 1)
    return context | _list_context(request, visible)


def _visible_business(visible: QuerySet[Business], business_id: str) -> Business:
    is_number = business_id.isascii() and business_id.isdigit() and len(business_id) < 19
    business = visible.filter(pk=business_id).first() if is_number else None
    if business is None:
        raise Http404("There is no such business.")
    return business


def _business_context(request: HttpRequest, business: Business, several: bool) -> dict[str, Any]:
    use_clock(business.clock)
    today = business.today()
    figures, lane = figures_of(business.pk, today), lane_context(business.pk)
    return {
        **lane,
        "title": business.name,
        "business": business,
        "several": several,
        "may_manage": access.may_manage(request.user, business.pk),
        "has_never_sent": has_never_sent(lane["status"]),
        "integration_url": _url(AttentionLink.INTEGRATION, business.pk, today),
        "waiting_url": _url(AttentionLink.WAITING, business.pk, today),
        "log_url": _log_url(business.pk, today),
        "is_delayed": is_delayed(lane["status"], timezone.now()),
        "attention": _attention(business, lane["status"], figures, today),
        "figures": figures,
        "legend": [
            (name, OUTCOME_BADGES[name].word)
            for name in charts.STACKED_OUTCOMES
            if name != Outcome.UNCONFIRMED or figures.month[name]
        ],
        "chart": charts.chart(figures.days),
        "events": _event_rows(figures.events, business.pk, today),
        "failed_today": count_failed(figures.today),
        "failed_month": count_failed(figures.month),
        "today": today,
    }


def _attention(
    business: Business, status: LaneStatus, figures: Figures, today: date
) -> list[tuple[AttentionItem, str]]:
    """Return what needs attention, urgent things first, each with the address of its link."""
    integration = (
        Integration.objects.filter(pk=business.pk).only("muted", *EVENT_SETTINGS).first()
        or Integration()
    )
    missing = {field for field in EVENT_SETTINGS if getattr(integration, field) is None}
    settings = TextSettings.objects.filter(business=business).first()
    items = [
        *attention_items(status, integration.muted, missing, figures.month, timezone.now()),
        *_text_items(business, settings),
    ]
    items.sort(key=lambda item: not item.is_urgent)
    return [(item, _item_url(item, business.pk, today, settings)) for item in items]


def _text_items(business: Business, settings: TextSettings | None) -> list[AttentionItem]:
    has_problem = settings and settings.enabled and settings.problem
    problem = settings.get_problem_display() if settings and has_problem else ""
    unread = IncomingText.objects.filter(business=business, handled=False).count()
    return text_items(problem, unread)


def _event_rows(
    events: list[EventFigures], business_id: int, today: date
) -> list[tuple[EventFigures, float, str]]:
    maximum = max((event.count_month for event in events), default=0)
    return [
        (
            event,
            charts.percentage(event.count_month, maximum),
            _log_url(business_id, today, event=event.event),
        )
        for event in events
    ]


def _item_url(
    item: AttentionItem, business_id: int, today: date, settings: TextSettings | None
) -> str:
    if item.link is AttentionLink.TEXT_SETTINGS and settings:
        return reverse("admin:customers_textsettings_change", args=[settings.pk])
    if item.link is AttentionLink.REPLIES:
        unread = {"business__id__exact": business_id, "handled__exact": 0}
        return f"{reverse('admin:customers_incomingtext_changelist')}?{urlencode(unread)}"
    return _url(item.link, business_id, today)


def _url(link: AttentionLink, business_id: int, today: date) -> str:
    if link is AttentionLink.INTEGRATION:
        return reverse("admin:events_integration_change", args=[business_id])
    if link is AttentionLink.WAITING:
        return reverse("admin:events_outgoing_changelist") + f"?business={business_id}"
    return _log_url(business_id, today, outcome=link.value)


def _log_url(business_id: int, today: date, **filters: str) -> str:
    """Return the address of the send log with exactly the messages that were counted."""
    since = today - timedelta(days=DAYS_SHOWN - 1)
    query = urlencode({"business": business_id, **filters, "since": since})
    return f"{reverse('admin:events_sendlog_changelist')}?{query}"


def _list_context(request: HttpRequest, visible: QuerySet[Business]) -> dict[str, Any]:
    """List those in trouble first, then by name.

    One query for the lanes and one for the counts, however many businesses there are.
    """
    search = request.GET.get("q", "").strip()[:100]
    matching = visible.filter(name__folded_part=search) if search else visible
    ordered = matching.annotate(grade=GRADE).order_by("-grade", "name")
    page = Paginator(ordered, BUSINESSES_PER_PAGE).get_page(request.GET.get("page"))
    businesses = list(page.object_list)
    statuses = lane_statuses([business.pk for business in businesses])
    now = timezone.now()
    sent = sent_today({business.pk: business.time_zone for business in businesses}, now)
    return {
        "title": "Your businesses",
        "rows": [
            _row(business, statuses[business.pk], sent[business.pk])
            for business in businesses
            if business.pk in statuses
        ],
        "page": page,
        "search": search,
        "has_search": search or page.paginator.num_pages > 1,
    }


def _wrong_clocks(request: HttpRequest) -> list[str]:
    """Return what support should know about machines' clocks. Others can do nothing about them."""
    return wrong_clocks() if request.user.has_perm("smrt_integration.view_heartbeat") else []


def _row(business: Business, status: LaneStatus, sent: OutcomeCounts) -> dict[str, Any]:
    now = timezone.now()
    state, status = state_of(status, now), replace(status, names_zone=True)
    return {
        "business": business,
        "badge": LANE_BADGES[state],
        "sentence": status_sentence(status, now),
        "accepted": sent["accepted"],
        "failed": count_failed(sent),
    }


GRADE = Case(
    When(Q(integration__enabled=True) & ~Q(lane__stopped=""), then=Value(STOPPED)),
    When(Q(integration__enabled=True) & ~Q(lane__last_error=""), then=Value(FAILING)),
    default=Value(WELL),
    output_field=IntegerField(),
)
