"""HTTP as everybody in the demo speaks it: to a server on this machine, which may be away for a while."""

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter

WriteLine = Callable[[str], None]

REQUEST_TIMEOUT_SECONDS: Final = 30.0
"""Far more than any answer takes."""
RETRY_SECONDS: Final = 0.5
"""Between two attempts while a server is away."""
MAX_WAIT_SECONDS: Final = 90.0
"""Seconds. The API counts calls by the minute, so it never asks for more."""


class Refused(Exception):
    """Somebody was told in a sentence why not."""


class RecordGone(Exception):
    """There is no such record, or none any more."""


class UnexpectedResponse(Exception):
    """An answer that makes no sense to who asked. The message says what came, for whoever reads along."""


class HttpClient:
    """To one server. `name` is what it is called when it does not answer."""

    def __init__(
        self, base: str, name: str, write_line: WriteLine, source_address: str | None = None
    ) -> None:
        """`source_address`: the address that the caller calls from, of the many that loopback has."""
        self.base, self._name, self._write_line = base.rstrip("/"), name, write_line
        self.http = Session()
        # no proxy: the server is on this machine
        self.http.trust_env = False
        if source_address and urlsplit(base).hostname == "127.0.0.1":
            self.http.mount("http://", SourceAddressAdapter(source_address))

    def request(
        self, method: str, path: str, *, may_repeat: bool = True, **options: Any
    ) -> Response:
        """The answer, whatever it says but for an error of the server itself. Waits for a server that is away.

        `may_repeat`: whether it may be asked a second time when nobody knows what became of the first.
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
                        f"the {self._name} broke off ({type(error).__name__})"
                    ) from error
                if not away:
                    self._write_line(f"The {self._name} does not answer; waiting for it.")
                away = True
                time.sleep(RETRY_SECONDS)
            else:
                return self._check(response, method)

    def _check(self, response: Response, method: str) -> Response:
        if response.status_code >= 500:
            # without the address, which may be a customer's link
            raise UnexpectedResponse(
                f"the {self._name} answered {response.status_code} to a {method}"
            )
        return response

    def wait(self, response: Response) -> None:
        """As long as the server asked for."""
        said = response.headers.get("Retry-After", "")
        seconds = min(
            float(said) if said.isascii() and said.isdigit() else RETRY_SECONDS, MAX_WAIT_SECONDS
        )
        self._write_line(f"The {self._name} asked to be left alone for {seconds:.0f} seconds.")
        time.sleep(seconds)


class SourceAddressAdapter(HTTPAdapter):
    """Calls from an address of this machine that is not the usual one."""

    def __init__(self, source_address: str) -> None:
        self._home = source_address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._home, 0), **options)
