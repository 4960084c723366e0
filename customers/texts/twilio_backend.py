"""Send texts with Twilio. Only this module and `customers.texts.webhook` import its library."""

import logging
from collections.abc import Mapping
from pathlib import Path
from ssl import SSLCertVerificationError, SSLContext, create_default_context
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from requests import Session, exceptions
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from customers.texts.send_results import (
    Postponed,
    SendResult,
    Sent,
    TextToSend,
    Unconfirmed,
    result_of_error,
)

TWILIO_TIMEOUT_SECONDS: Final = 10.0
"""Twilio responds within a second. A text whose response comes later than this is unconfirmed."""
TWILIO_CONNECT_SECONDS: Final = 3.0
"""Nothing was sent yet when it is over, so the text is tried again."""

TWILIO_LOGGER: Final = logging.getLogger("twilio.http_client")
"""Twilio's own logger would log ten lines for each text, with the account's id."""
TWILIO_LOGGER.setLevel(logging.WARNING)


class TwilioBusy(Exception):
    """Twilio asks us to try again later. Its own exception would not say when."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Twilio is busy")
        self.retry_after = retry_after


class OneRequestAdapter(HTTPAdapter):
    """Connect with TLS settings that are there already.

    To load the certificates of all authorities takes 20 ms of the processor, ten times what the
    connection itself takes.
    """

    def __init__(self, tls: Mapping[str | bool, SSLContext]) -> None:
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=1)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            return host, {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._tls[verify]}
        return host, options

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Load nothing: the context has the certificates."""


class TlsSettings(dict[str | bool, SSLContext]):
    """TLS contexts by what requests calls `verify`: a file or folder of authorities, or True."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def __missing__(self, verify: str | bool) -> SSLContext:
        authorities = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
        with self._lock:
            if verify not in self:
                self[verify] = (
                    create_default_context(capath=authorities)
                    if Path(authorities).is_dir()
                    else create_default_context(cafile=authorities)
                )
            return self[verify]


class TwilioHttp(HttpClient):  # type: ignore[misc]  # the library has no types
    """A connection per request.

    A kept connection that Twilio closes just as a request leaves would make a text unconfirmed.
    """

    def __init__(self) -> None:
        super().__init__(TWILIO_LOGGER, is_async=False, timeout=TWILIO_TIMEOUT_SECONDS)
        self._tls = TlsSettings()

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        if settings.TWILIO_HOST:
            url = settings.TWILIO_HOST + urlsplit(url).path
        connect_seconds = min(TWILIO_CONNECT_SECONDS, self.timeout)
        options |= {"timeout": (connect_seconds, self.timeout), "allow_redirects": False}
        with Session() as session:
            session.mount("https://", OneRequestAdapter(self._tls))
            response = session.request(method, url, *args, **options)
        if response.status_code in {429, 503}:
            raise TwilioBusy(_seconds(response.headers.get("Retry-After")))
        return Response(response.status_code, response.text, response.headers)


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
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, NewConnectionError) or (
        isinstance(reason, SSLError)
        and isinstance(next(iter(reason.args), None), SSLCertVerificationError)
    )


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isascii() and header.isdigit() else None
