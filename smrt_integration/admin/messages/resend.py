"""Sending again: one message, those selected, or everything that matches. What it means is in `events.jobs.resend`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from customers import access
from customers.models import Business
from events.jobs import resend
from events.models import Integration
from events.send_log import pages
from events.send_log.filter import MessageFilter
from events.send_log.pages import LogEntry
from events.send_log.resendable import OFF, why_not_resendable
from smrt_integration.admin.messages.filters import FilterForm

if TYPE_CHECKING:
    from smrt_integration.admin.messages.list_admin import MessagesAdmin

MOST_SELECTED: Final = 500
NONE_SELECTED: Final = "Nothing was sent again: tick the messages that you mean first."
NONE_SENT: Final = "Nothing was sent again: Segment has it already, it was sent again before, its event is switched off, or its customer was deleted."


def offered(user: Any, form: FilterForm, matching: MessageFilter) -> dict[str, Any]:
    """What of sending again a list shows: how much of what matches could be, and how far earlier requests came."""
    one = matching.businesses if matching.businesses and len(matching.businesses) == 1 else None
    may = bool(one and access.may_resend(user, one[0]))
    count = pages.count(replace(matching, sendable=True)) if may and _chosen(matching) else 0
    return {
        "may_select": may or one is None,
        "again_count": count,
        "again_counted": counted(count),
        "again_url": f"{reverse('admin:events_sendlog_again')}{form.address()}",
        "export_url": f"{reverse('admin:events_sendlog_export')}{form.address()}",
        "under_way": list(resend.open_resends(matching.businesses)[:5])
        if matching.businesses
        else [],
    }


def counted(count: int) -> str:
    return f"more than {pages.COUNTED:,}" if count == pages.COUNTED + 1 else f"{count:,}"


def one(request: HttpRequest, options: "MessagesAdmin", entry_id: str) -> HttpResponseBase:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    entry = options.found_or_none(request, entry_id)
    if entry is None:
        return options.gone(request, entry_id)
    if not access.may_resend(request.user, entry.business_id):
        raise PermissionDenied
    now = timezone.now()
    rows = pages.entries_of([entry.pk], [entry.business_id])
    if resend.resend(entry.business_id, rows, request.user.pk, now):
        messages.success(
            request, "It waits to be sent again. What becomes of it will be an entry of its own."
        )
    else:
        zone = (
            Business.objects.filter(pk=entry.business_id)
            .values_list("time_zone", flat=True)
            .first()
            or "UTC"
        )
        messages.warning(
            request, why_not_resendable(resend.resend_case(entry, zone, now)) or NONE_SENT
        )
    return HttpResponseRedirect(reverse("admin:events_sendlog_change", args=[entry.pk]))


def selected(request: HttpRequest, options: "MessagesAdmin") -> HttpResponse:
    back = HttpResponseRedirect(request.get_full_path())
    if request.POST.get("action") != "send_again":
        return back
    ids = [
        int(text)
        for text in request.POST.getlist("_selected_action")[:MOST_SELECTED]
        if text.isdigit() and len(text) < 19
    ]
    found = (
        options.get_queryset(request)
        .filter(pk__in=ids)
        .values_list("business_id", flat=True)
        .distinct()
    )
    businesses = [
        business_id for business_id in found if access.may_resend(request.user, business_id)
    ]
    entries = pages.entries_of(ids, businesses)
    if not entries:
        messages.warning(request, NONE_SELECTED)
        return back
    now = timezone.now()
    sent = sum(
        resend.resend(
            business_id,
            [entry for entry in entries if entry.business_id == business_id],
            request.user.pk,
            now,
        )
        for business_id in businesses
    )
    _tell(request, sent, entries)
    return back


def _tell(request: HttpRequest, sent: int, entries: list[LogEntry]) -> None:
    left = len(entries) - sent
    off = not Integration.objects.filter(
        pk__in={entry.business_id for entry in entries}, enabled=True
    ).exists()
    if off:
        messages.warning(request, OFF)
    elif not sent:
        messages.warning(request, NONE_SENT)
    else:
        rest = f" {left} could not be sent again: open them to see why." if left else ""
        messages.success(
            request, f"{sent} {'waits' if sent == 1 else 'wait'} to be sent again.{rest}"
        )


def everything(request: HttpRequest, options: "MessagesAdmin") -> HttpResponseBase:
    """A page that asks, with the filter in words and the count; and its answer."""
    if not options.has_view_permission(request):
        raise PermissionDenied
    form = FilterForm(request, with_outcome=True)
    matching = replace(form.matching(), sendable=True)
    back = f"{reverse('admin:events_sendlog_changelist')}{form.address()}"
    if matching.businesses is None or len(matching.businesses) != 1:
        messages.warning(request, "Choose a business first.")
        return HttpResponseRedirect(back)
    if not access.may_resend(request.user, matching.businesses[0]):
        raise PermissionDenied
    if request.method == "POST":
        _ask(request, matching)
        return HttpResponseRedirect(back)
    enabled = Integration.objects.filter(pk=matching.businesses[0], enabled=True).exists()
    count = pages.count(matching)
    extra = {
        "title": "Send again",
        "form": form,
        "chips": list(form.chips()),
        "count": count,
        "counted": counted(count),
        "back": back,
    }
    return TemplateResponse(
        request,
        "smrt/messages/again.html",
        {**options.frame(request), **extra, "off": "" if enabled else OFF},
    )


def _ask(request: HttpRequest, matching: MessageFilter) -> None:
    asked = resend.request_resend(matching, request.user, timezone.now())
    if asked:
        messages.success(
            request,
            f"Sending {counted(asked.expected)} again, in the background. You need not wait for it.",
        )
    elif not Integration.objects.filter(pk__in=matching.businesses or (), enabled=True).exists():
        messages.warning(request, OFF)
    else:
        messages.warning(request, NONE_SENT)


def _chosen(matching: MessageFilter) -> bool:
    """Nobody means all that was ever refused who has not said so."""
    return bool(
        matching.outcome
        or matching.event
        or matching.found
        or matching.first_day
        or matching.last_day
    )
