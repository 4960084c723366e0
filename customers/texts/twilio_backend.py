"""Send texts with Twilio. Only this module and `customers.texts.webhook` import its library."""

import logging
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from requests import exceptions
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from customers.texts.send_results import (
    Postponed,
    SendResult,
    Sent,
    TextToSend,
    Unconfirmed,
    result_of_error,
)

TWILIO_TIMEOUT_SECONDS: Final = 10.0
"""Twilio responds within a second. A much longer timeout could exceed the run's time budget."""

TWILIO_LOGGER: Final = logging.getLogger("twilio.http_client")
"""Twilio's own logger would log ten lines for each text, with the account's id."""
TWILIO_LOGGER.setLevel(logging.WARNING)


class TwilioBusy(Exception):
    """Twilio asks us to try again later. Its own exception would not say when."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Twilio is busy")
        self.retry_after = retry_after


class TwilioHttp(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """A session per request: sessions of requests must not be shared between threads."""

    def __init__(self) -> None:
        super().__init__(
            pool_connections=False, timeout=TWILIO_TIMEOUT_SECONDS, logger=TWILIO_LOGGER
        )

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        if settings.TWILIO_HOST:
            url = settings.TWILIO_HOST + urlsplit(url).path
        response = super().request(method, url, *args, **options)
        if response.status_code in {429, 503}:
            raise TwilioBusy(_seconds((response.headers or {}).get("Retry-After")))
        return response


class TwilioBackend:
    def __init__(self) -> None:
        self._client = Client(
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=TwilioHttp()
        )

    def send(self, text: TextToSend) -> SendResult:
        try:
            message = self._client.messages.create(to=text.to, from_=text.sender, body=text.body)
        except TwilioBusy as busy:
            return Postponed(busy.retry_after)
        except TwilioRestException as error:
            return result_of_error(error.status, error.code or None)
        except exceptions.RequestException as error:
            return Postponed() if never_connected(error) else Unconfirmed()
        return Sent(message.sid or "")


def never_connected(error: exceptions.RequestException) -> bool:
    """Return whether the request certainly did not reach Twilio."""
    if isinstance(error, exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isascii() and header.isdigit() else None
