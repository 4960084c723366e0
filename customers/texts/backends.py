"""The services that can send a text, by the names that TEXTS_BACKEND takes.

To add one, write a class with `send`, add a line here, and allow its name in the settings.
"""

from typing import Final, Protocol

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from customers.texts.send_results import SendResult, Sent, TextToSend

log = structlog.get_logger(__name__)


class TextBackend(Protocol):
    def send(self, text: TextToSend) -> SendResult:
        """Send one text. Called from several threads at once, outside any transaction.

        An exception counts as `Unconfirmed`.
        """


class ConsoleBackend:
    """Send nothing, and log what would be sent.

    Numbers and texts are logged on a developer's machine only: other logs must not hold them.
    """

    def send(self, text: TextToSend) -> SendResult:
        personal = {"to": text.to, "sender": text.sender, "body": text.body}
        log.info("text_on_console", text=text.id, **(personal if settings.DEBUG else {}))
        return Sent()


TEXT_BACKENDS: Final = {
    "CONSOLE": "customers.texts.backends.ConsoleBackend",
    "TWILIO": "customers.texts.twilio_backend.TwilioBackend",
}


def new_backend() -> TextBackend:
    """Return a new backend. Each run has its own, so that no connection is kept for long."""
    backend: TextBackend = import_string(TEXT_BACKENDS[settings.TEXTS_BACKEND])()
    return backend
