"""The button that exports the listed messages. `smrt_integration.exports` makes the file."""

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import reverse
from django.utils import timezone

from smrt_integration.admin.messages.filters import FilterForm
from smrt_integration.exports.request_export import MAX_OPEN_EXPORTS, request_export

if TYPE_CHECKING:
    from smrt_integration.admin.messages.list_admin import MessagesAdmin

EVERYTHING: Final = "All messages"
TOO_MANY_OPEN: Final = (
    f"{MAX_OPEN_EXPORTS} exports are being made already. Export again when one of them is ready."
)


def view(request: HttpRequest, options: "MessagesAdmin") -> HttpResponseBase:
    if not options.has_view_permission(request):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = FilterForm(request, with_outcome=True)
    matching = form.message_filter()
    in_words = "; ".join(chip.label for chip in form.chips()) or EVERYTHING
    export = request_export(matching, in_words, request.user, timezone.now())
    if export is None:
        messages.warning(request, TOO_MANY_OPEN)
        return HttpResponseRedirect(reverse("admin:smrt_integration_export_changelist"))
    return HttpResponseRedirect(reverse("admin:smrt_integration_export_change", args=[export.pk]))
