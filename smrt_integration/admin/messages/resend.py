"""Buttons that send again: one message, the selected ones, or everything that matches the filter.

`events.jobs.resend` does the work.
"""

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
from customers.business_clock import UTC_CLOCK
from customers.models import Business
from events.jobs import resend
from events.models import Integration
from events.send_log import pages
from events.send_log.entries import LogEntry
from events.send_log.filter import MessageFilter
from events.send_log.resendable import OFF_REASON, why_not_resendable
from smrt_integration.admin.messages.filters import FilterForm

if TYPE_CHECKING:
    from smrt_integration.admin.messages.list_admin import MessagesAdmin

SELECTED_LIMIT: Final = 500
"""Ten pages of ticked messages; more are sent again by filter, as a job in the background."""
JOBS_SHOWN: Final = 5
NONE_SELECTED: Final = "Nothing was sent again: tick the messages you want to send again first."
NONE_SENT: Final = (
    "Nothing was sent again. Segment has these messages already, they were sent again before, "
    "their event is switched off, or their customer was deleted."
)


def actions_context(user: Any, form: FilterForm, matching: MessageFilter) -> dict[str, Any]:
    """Return how many matching messages can be sent again, and the jobs under way."""
    ids = matching.businesses
    only_business = ids[0] if ids and len(ids) == 1 else None
    may_resend = bool(only_business and access.may_resend(user, only_business))
    count = (
        pages.count(replace(matching, resendable=True))
        if may_resend and _is_narrowed(matching)
        else 0
    )
    return {
        "may_select": may_resend or only_business is None,
        "resend_count": count,
        "resend_counted": count_label(count),
        "resend_url": f"{reverse('admin:events_sendlog_resend')}{form.address()}",
        "export_url": f"{reverse('admin:events_sendlog_export')}{form.address()}",
        "jobs": list(resend.open_resends(ids)[:JOBS_SHOWN]) if ids else [],
    }


def count_label(count: int) -> str:
    return (
        f"more than {pages.MATCHES_COUNTED:,}"
        if count == pages.MATCHES_COUNTED + 1
        else f"{count:,}"
    )


def resend_one(request: HttpRequest, options: "MessagesAdmin", entry_id: str) -> HttpResponseBase:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    entry = options.visible_row(request, entry_id)
    if entry is None:
        return options.not_found(request, entry_id)
    if not access.may_resend(request.user, entry.business_id):
        raise PermissionDenied
    now = timezone.now()
    rows = pages.entries_by_id([entry.pk], [entry.business_id])
    if resend.resend(entry.business_id, rows, request.user.pk, now):
        messages.success(request, "Queued. The result will appear in the send log.")
    else:
        business = Business.objects.filter(pk=entry.business_id).first()
        case = resend.resend_case(entry, business.clock if business else UTC_CLOCK, now)
        messages.warning(request, why_not_resendable(case) or NONE_SENT)
    return HttpResponseRedirect(reverse("admin:events_sendlog_change", args=[entry.pk]))


def resend_selected(request: HttpRequest, options: "MessagesAdmin") -> HttpResponse:
    back = HttpResponseRedirect(request.get_full_path())
    if request.POST.get("action") != "send_again":
        return back
    ids = [
        int(text)
        for text in request.POST.getlist("_selected_action")[:SELECTED_LIMIT]
        if text.isdigit() and len(text) < 19
    ]
    selected = options.get_queryset(request).filter(pk__in=ids)
    business_ids = [
        business_id
        for business_id in selected.values_list("business_id", flat=True).distinct()
        if access.may_resend(request.user, business_id)
    ]
    entries = pages.entries_by_id(ids, business_ids)
    if not entries:
        messages.warning(request, NONE_SELECTED)
        return back
    _show_result(request, _resend_by_business(request, business_ids, entries), entries)
    return back


def _resend_by_business(
    request: HttpRequest, business_ids: list[int], entries: list[LogEntry]
) -> int:
    now = timezone.now()
    return sum(
        resend.resend(
            business_id,
            [entry for entry in entries if entry.business_id == business_id],
            request.user.pk,
            now,
        )
        for business_id in business_ids
    )


def _show_result(request: HttpRequest, queued: int, entries: list[LogEntry]) -> None:
    left = len(entries) - queued
    business_ids = {entry.business_id for entry in entries}
    if not Integration.objects.filter(pk__in=business_ids, enabled=True).exists():
        messages.warning(request, OFF_REASON)
    elif not queued:
        messages.warning(request, NONE_SENT)
    else:
        rest = f" {left} could not be sent again: open them to see why." if left else ""
        results = "result" if queued == 1 else "results"
        messages.success(
            request, f"{queued} queued. The {results} will appear in the send log.{rest}"
        )


def resend_matching(request: HttpRequest, options: "MessagesAdmin") -> HttpResponseBase:
    """Show a page that asks, with the filter in words and the count; on POST, queue the job."""
    if not options.has_view_permission(request):
        raise PermissionDenied
    form = FilterForm(request, with_outcome=True)
    matching = replace(form.message_filter(), resendable=True)
    back = f"{reverse('admin:events_sendlog_changelist')}{form.address()}"
    if matching.businesses is None or len(matching.businesses) != 1:
        messages.warning(request, "Choose a business first.")
        return HttpResponseRedirect(back)
    if not access.may_resend(request.user, matching.businesses[0]):
        raise PermissionDenied
    if request.method == "POST":
        _queue_job(request, matching)
        return HttpResponseRedirect(back)
    enabled = Integration.objects.filter(pk=matching.businesses[0], enabled=True).exists()
    count = pages.count(matching)
    context = {
        **options.page_context(request),
        "title": "Send again",
        "form": form,
        "chips": list(form.chips()),
        "count": count,
        "counted": count_label(count),
        "back": back,
        "off": "" if enabled else OFF_REASON,
    }
    return TemplateResponse(request, "smrt/messages/resend.html", context)


def _queue_job(request: HttpRequest, matching: MessageFilter) -> None:
    job = resend.request_resend(matching, request.user, timezone.now())
    if job:
        messages.success(
            request,
            f"Sending {count_label(job.expected)} again in the background. "
            "You can leave this page.",
        )
    elif not Integration.objects.filter(pk__in=matching.businesses or (), enabled=True).exists():
        messages.warning(request, OFF_REASON)
    else:
        messages.warning(request, NONE_SENT)


def _is_narrowed(matching: MessageFilter) -> bool:
    """Return whether a filter is in use.

    Without one, the button would offer to send again everything that was ever refused.
    """
    return bool(
        matching.outcome
        or matching.event
        or matching.search_result
        or matching.first_day
        or matching.last_day
    )
