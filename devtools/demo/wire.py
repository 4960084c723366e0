"""HTTP as everybody in the demo speaks it: to a server on this machine, which may be away for a while."""

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter

Say = Callable[[str], None]

SECONDS: Final = 30.0
"""Far more than any answer takes."""
PATIENCE_SECONDS: Final = 0.5
"""Between two attempts while a server is away."""
LONGEST_PAUSE: Final = 90.0
"""Seconds. The API counts calls by the minute, so it never asks for more."""


class Refused(Exception):
    """Somebody was told in a sentence why not."""


class Gone(Exception):
    """There is no such record, or none any more."""


class Unexpected(Exception):
    """An answer that makes no sense to who asked. The message says what came, for whoever reads along."""


class Wire:
    """To one server. `name` is what it is called when it does not answer."""

    def __init__(self, base: str, name: str, say: Say, home: str | None = None) -> None:
        """`home`: the address that the caller calls from, of the many that loopback has."""
        self.base, self._name, self._say = base.rstrip("/"), name, say
        self.http = Session()
        # no proxy: the server is on this machine
        self.http.trust_env = False
        if home and urlsplit(base).hostname == "127.0.0.1":
            self.http.mount("http://", From(home))

    def ask(self, method: str, path: str, *, again: bool = True, **options: Any) -> Response:
        """The answer, whatever it says but for an error of the server itself. Waits for a server that is away.

        `again`: whether it may be asked a second time when nobody knows what became of the first.
        """
        away = False
        while True:
            try:
                response = self.http.request(
                    method, self.base + path, timeout=SECONDS, allow_redirects=False, **options
                )
            except RequestException as error:
                if not again:
                    raise Unexpected(
                        f"the {self._name} broke off ({type(error).__name__})"
                    ) from error
                if not away:
                    self._say(f"The {self._name} does not answer; waiting for it.")
                away = True
                time.sleep(PATIENCE_SECONDS)
            else:
                return self._sound(response, method)

    def _sound(self, response: Response, method: str) -> Response:
        if response.status_code >= 500:
            # without the address, which may be a customer's link
            raise Unexpected(f"the {self._name} answered {response.status_code} to a {method}")
        return response

    def wait(self, response: Response) -> None:
        """As long as the server asked for."""
        said = response.headers.get("Retry-After", "")
        seconds = min(
            float(said) if said.isascii() and said.isdigit() else PATIENCE_SECONDS, LONGEST_PAUSE
        )
        self._say(f"The {self._name} asked to be left alone for {seconds:.0f} seconds.")
        time.sleep(seconds)


class From(HTTPAdapter):
    """Calls from an address of this machine that is not the usual one."""

    def __init__(self, home: str) -> None:
        self._home = home
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._home, 0), **options)
