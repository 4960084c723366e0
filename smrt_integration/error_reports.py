"""What Django's page says of an error while developing. Elsewhere it reports none: the log has it (`smrt_integration.logs`)."""

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter

from smrt_integration.logs import hidden


class WithoutLinks(ExceptionReporter):
    """The address of a customer's link is a login, and so is each variable that holds it."""

    def get_traceback_html(self) -> SafeString:
        return mark_safe(hidden(super().get_traceback_html()))  # noqa: S308 - what was safe, with less in it

    def get_traceback_text(self) -> SafeString:
        return mark_safe(hidden(super().get_traceback_text()))  # noqa: S308
