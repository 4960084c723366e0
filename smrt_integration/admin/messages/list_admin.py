"""What the two lists of messages share: templates, filter, keyset pages and permissions."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse

from customers.admin_base import ROWS_PER_PAGE, ReadOnlyAdmin
from events.send_log.filter import MessageFilter
from smrt_integration.admin.messages.filters import FilterForm, is_without_result


class MessagesAdmin(ReadOnlyAdmin):
    """A list that counts nothing and reads no row it does not show.

    It replaces Django's changelist, which counts all rows and reads whole ones.
    """

    shows_outcomes: ClassVar[bool]
    list_title: ClassVar[str]
    actions = None
    per_page: ClassVar[int] = ROWS_PER_PAGE

    class Media:
        css = {"all": ["smrt/messages.css"]}

    def rows_context(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        """Return the page's rows, and the addresses of the pages before and after."""
        raise NotImplementedError

    def actions_context(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        """Return what the template needs for the buttons above the list."""
        return {}

    def handle_post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseNotAllowed(["GET", "HEAD"])

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self.handle_post(request)
        form = FilterForm(request, with_outcome=self.shows_outcomes)
        matching = form.message_filter()
        context = {
            **self.page_context(request),
            "title": self.list_title,
            "form": form,
            "chips": list(form.chips()),
            "matching": matching,
            "nothing_found": is_without_result(matching.search_result),
            "several": matching.businesses is None or len(matching.businesses) > 1,
            "shows_outcomes": self.shows_outcomes,
            **self.rows_context(request, form, matching),
            **self.actions_context(request, form, matching),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "smrt/messages/list.html", context)

    def visible_row(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row, or None if there is none that this user may see."""
        row = self.get_object(request, object_id) if len(object_id) < 19 else None
        return row if row is not None and self.has_view_permission(request, row) else None

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        row = self.visible_row(request, object_id)
        if row is None:
            return self.not_found(request, object_id)
        context = {
            **self.page_context(request),
            "row": row,
            "object_id": object_id,
            **self.message_context(request, row),
        }
        return TemplateResponse(request, "smrt/messages/message.html", context)

    def message_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the template needs for the page of one message."""
        raise NotImplementedError
