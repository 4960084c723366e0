"""The page: of one business at once for who has one; a list, those in trouble first, for who has several."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from customers import access
from customers.models import Business, IncomingText, TextSettings
from customers.zones import local_day
from events.lanes.read_status import lane_statuses
from events.lanes.status import state_of, status_sentence
from events.models import Integration
from smrt_integration.admin.home import charts
from smrt_integration.admin.home.attention import (
    AttentionItem,
    AttentionLink,
    attention_items,
    never_sent,
    of_texts,
)
from smrt_integration.admin.home.figures import DAYS, failures, figures_of, sent_today
from smrt_integration.admin.integration.page import ICONS, how_it_stands

LINES = 25
LEGEND = {
    "accepted": "Accepted by Segment",
    "skipped": "Not sent",
    "rejected": "Rejected",
    "expired": "Expired",
}
STOPPED, FAILING, WELL = 2, 1, 0


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """For the template admin/index.html; the theme calls it."""
    visible = access.businesses_of(request.user)
    few = list(visible[:2])
    wanted = request.GET.get("business", "")
    if wanted or len(few) == 1:
        return context | _of_one(
            request, _wanted(visible, wanted) if wanted else few[0], several=len(few) > 1
        )
    return context | _of_several(request, visible)


def _wanted(visible: QuerySet[Business], wanted: str) -> Business:
    business = (
        visible.filter(pk=wanted).first()
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 19
        else None
    )
    if business is None:
        raise Http404("There is no such business.")
    return business


def _of_one(request: HttpRequest, business: Business, several: bool) -> dict[str, Any]:
    now = timezone.now()
    today = local_day(now, business.time_zone)
    figures, how = figures_of(business.pk, today), how_it_stands(business.pk)
    integration = (
        Integration.objects.filter(pk=business.pk).only("muted", "birthday_field_id").first()
        or Integration()
    )
    found = attention_items(
        how["standing"],
        integration.muted,
        integration.birthday_field_id is not None,
        figures.month,
        now,
    )
    texts = TextSettings.objects.filter(business=business).first()
    found = sorted([*found, *_about_texts(business, texts)], key=lambda matter: not matter.urgent)
    most = max((line.month.total() for line in figures.events), default=0)
    return {
        **how,
        "title": business.name,
        "business": business,
        "several": several,
        "may_manage": access.may_manage(request.user, business.pk),
        "never_sent": never_sent(how["standing"]),
        "integration_url": _link(AttentionLink.INTEGRATION, business.pk, today),
        "waiting_url": _link(AttentionLink.WAITING, business.pk, today),
        "log_url": _log(business.pk, today),
        "matters": [(matter, _way(matter, business.pk, today, texts)) for matter in found],
        "figures": figures,
        "legend": [(outcome, LEGEND[outcome]) for outcome in charts.OUTCOMES],
        "chart": charts.columns(figures.days),
        "events": [
            (
                line,
                charts.share(line.month.total(), most),
                _log(business.pk, today, event=line.event),
            )
            for line in figures.events
        ],
        "failed_today": failures(figures.today),
        "failed_month": failures(figures.month),
        "today": today,
    }


def _about_texts(business: Business, texts: TextSettings | None) -> list[AttentionItem]:
    problem = texts.get_problem_display() if texts and texts.enabled and texts.problem else ""
    return of_texts(problem, IncomingText.objects.filter(business=business, handled=False).count())


def _way(matter: AttentionItem, business_id: int, today: date, texts: TextSettings | None) -> str:
    if matter.lead is AttentionLink.TEXTS and texts:
        return reverse("admin:customers_textsettings_change", args=[texts.pk])
    if matter.lead is AttentionLink.ANSWERS:
        unread = {"business__id__exact": business_id, "handled__exact": 0}
        return f"{reverse('admin:customers_incomingtext_changelist')}?{urlencode(unread)}"
    return _link(matter.lead, business_id, today)


def _link(lead: AttentionLink, business_id: int, today: date) -> str:
    if lead is AttentionLink.INTEGRATION:
        return reverse("admin:events_integration_change", args=[business_id])
    if lead is AttentionLink.WAITING:
        return reverse("admin:events_outgoing_changelist") + f"?business={business_id}"
    return _log(business_id, today, outcome=lead.value)


def _log(business_id: int, today: date, **narrowed: str) -> str:
    """Just what was counted."""
    since = today - timedelta(days=DAYS - 1)
    return (
        reverse("admin:events_sendlog_changelist")
        + "?"
        + urlencode({"business": business_id, **narrowed, "since": since})
    )


def _of_several(request: HttpRequest, visible: QuerySet[Business]) -> dict[str, Any]:
    """Those in trouble first, by name otherwise; one query for the lanes, one for the counts, however many there are."""
    search = request.GET.get("q", "").strip()[:100]
    found = visible.filter(name__icontains=search) if search else visible
    page = Paginator(found.annotate(grade=GRADE).order_by("-grade", "name"), LINES).get_page(
        request.GET.get("page")
    )
    now, businesses = timezone.now(), list(page.object_list)
    standing_of = lane_statuses([business.pk for business in businesses])
    sent = sent_today({business.pk: business.time_zone for business in businesses}, now)
    lines = [
        {
            "business": business,
            "state": state_of(standing_of[business.pk], now),
            "icon": ICONS[state_of(standing_of[business.pk], now)],
            "sentence": status_sentence(standing_of[business.pk], now),
            "sent": sent[business.pk]["accepted"],
            "failed": failures(sent[business.pk]),
        }
        for business in businesses
        if business.pk in standing_of
    ]
    return {
        "title": "Your businesses",
        "lines": lines,
        "page": page,
        "search": search,
        "many": search or page.paginator.num_pages > 1,
    }


GRADE = Case(
    When(Q(integration__enabled=True) & ~Q(lane__stopped=""), then=Value(STOPPED)),
    When(Q(integration__enabled=True) & ~Q(lane__last_error=""), then=Value(FAILING)),
    default=Value(WELL),
    output_field=IntegerField(),
)
