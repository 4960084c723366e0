"""Ways for a text to leave, by the names that TEXTS_BACKEND takes. One more: a class with `send`, a line here, and its name in settings."""

from typing import Final, Protocol

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from customers.texts.send_results import SendResult, Sent, TextToSend

log = structlog.get_logger(__name__)


class TextBackend(Protocol):
    def send(self, text: TextToSend) -> SendResult:
        """Called from several threads at once, outside any transaction. An error that it raises counts as `Unknown`."""


class ConsoleBackend:
    """Sends nothing. On a developer's machine the log shows what would go out; elsewhere no log holds numbers and texts."""

    def send(self, text: TextToSend) -> SendResult:
        shown = {"to": text.to, "sender": text.sender, "body": text.body} if settings.DEBUG else {}
        log.info("text_on_console", text=text.id, **shown)
        return Sent()


TEXT_BACKENDS: Final = {
    "CONSOLE": "customers.texts.backends.ConsoleBackend",
    "TWILIO": "customers.texts.twilio_backend.TwilioBackend",
}


def new_backend() -> TextBackend:
    """A new one for each run: connections do not grow old in between."""
    backend: TextBackend = import_string(TEXT_BACKENDS[settings.TEXTS_BACKEND])()
    return backend
