"""An HTTP client for the servers on this machine, which may be away for a while."""

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter

WriteLine = Callable[[str], None]

REQUEST_TIMEOUT_SECONDS: Final = 30.0
"""Far more than any response takes."""
RETRY_SECONDS: Final = 0.5
"""Seconds between two attempts while a server is away."""
MAX_WAIT_SECONDS: Final = 90.0
"""The longest Retry-After: the API counts calls per minute, so it never asks for more."""


class Refused(Exception):
    """The server refused something; the text is its sentence."""


class RecordGone(Exception):
    """The record does not exist, or was deleted."""


class UnexpectedResponse(Exception):
    """A response that makes no sense. The text says what it was."""


class HttpClient:
    """A client of one server. `name` is printed when the server does not answer."""

    def __init__(
        self, base: str, name: str, write_line: WriteLine, source_address: str | None = None
    ) -> None:
        """`source_address`: the loopback address to call from."""
        self.base, self._name, self._write_line = base.rstrip("/"), name, write_line
        self.http = Session()
        # no proxy: the server is on this machine
        self.http.trust_env = False
        if source_address and urlsplit(base).hostname == "127.0.0.1":
            self.http.mount("http://", SourceAddressAdapter(source_address))

    def request(
        self, method: str, path: str, *, may_repeat: bool = True, **options: Any
    ) -> Response:
        """Send a request; wait for a server that is away. Raises UnexpectedResponse at status 5xx.

        `may_repeat`: whether to send it again when its result is unknown.
        """
        away = False
        while True:
            try:
                response = self.http.request(
                    method,
                    self.base + path,
                    timeout=REQUEST_TIMEOUT_SECONDS,
                    allow_redirects=False,
                    **options,
                )
            except RequestException as error:
                if not may_repeat:
                    raise UnexpectedResponse(
                        f"the {self._name} closed the connection ({type(error).__name__})"
                    ) from error
                if not away:
                    self._write_line(f"The {self._name} does not answer. Waiting for it.")
                away = True
                time.sleep(RETRY_SECONDS)
            else:
                return self._check(response, method)

    def _check(self, response: Response, method: str) -> Response:
        if response.status_code >= 500:
            # without the path, which may be a customer's link
            raise UnexpectedResponse(
                f"the {self._name} answered {response.status_code} to a {method}"
            )
        return response

    def wait(self, response: Response) -> None:
        """Wait as long as the response's Retry-After says."""
        text = response.headers.get("Retry-After", "")
        seconds = min(
            float(text) if text.isascii() and text.isdigit() else RETRY_SECONDS, MAX_WAIT_SECONDS
        )
        unit = "second" if seconds == 1 else "seconds"
        self._write_line(f"The {self._name} asks us to wait for {seconds:g} {unit}.")
        time.sleep(seconds)


class SourceAddressAdapter(HTTPAdapter):
    """Send requests from another loopback address than the usual one."""

    def __init__(self, source_address: str) -> None:
        self._home = source_address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._home, 0), **options)
