"""What the two lists of messages share: one look, one filter, pages by keyset, and an answer for who may see them."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse

from customers.admin_base import ROWS_PER_PAGE, ReadOnlyAdmin
from events.send_log.filter import MessageFilter
from smrt_integration.admin.messages.filters import FilterForm, nothing_found


class MessagesAdmin(ReadOnlyAdmin):
    """A list that counts nothing and reads no row that it does not show. It stands in for Django's, which does both."""

    shows_outcomes: ClassVar[bool]
    list_title: ClassVar[str]
    actions = None
    per_page: ClassVar[int] = ROWS_PER_PAGE

    class Media:
        css = {"all": ["smrt/messages.css"]}

    def rows_of(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        """The page's rows, and the addresses of those before and after it."""
        raise NotImplementedError

    def extra_of(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        return {}

    def posted(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseNotAllowed(["GET", "HEAD"])

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self.posted(request)
        form = FilterForm(request, with_outcome=self.shows_outcomes)
        matching = form.matching()
        context = {
            **self.frame(request),
            "title": self.list_title,
            "form": form,
            "chips": list(form.chips()),
            "matching": matching,
            "nothing_found": nothing_found(matching.found),
            "several": matching.businesses is None or len(matching.businesses) > 1,
            "shows_outcomes": self.shows_outcomes,
            **self.rows_of(request, form, matching),
            **self.extra_of(request, form, matching),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "smrt/messages/list.html", context)

    def frame(self, request: HttpRequest) -> dict[str, Any]:
        """What the theme's frame needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "has_view_permission": True,
        }

    def found_or_none(self, request: HttpRequest, object_id: str) -> Any:
        """The row, if it is one that this user may see."""
        row = self.get_object(request, object_id) if len(object_id) < 19 else None
        return row if row is not None and self.has_view_permission(request, row) else None

    def gone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        row = self.found_or_none(request, object_id)
        if row is None:
            return self.gone(request, object_id)
        context = {
            **self.frame(request),
            "row": row,
            "object_id": object_id,
            **self.told_of(request, row),
        }
        return TemplateResponse(request, "smrt/messages/message.html", context)

    def told_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        raise NotImplementedError
