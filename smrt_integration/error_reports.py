"""Django's error page, which only development shows. Elsewhere the log has errors."""

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter

from smrt_integration.logs import hide_links


class LinkHidingReporter(ExceptionReporter):
    """Hides customers' links: a link is a login, and so is each variable that holds one."""

    def get_traceback_html(self) -> SafeString:
        return mark_safe(hide_links(super().get_traceback_html()))  # noqa: S308 - only removes text

    def get_traceback_text(self) -> SafeString:
        return mark_safe(hide_links(super().get_traceback_text()))  # noqa: S308
