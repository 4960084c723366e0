"""A client of the REST API, as a till, a driver's phone or a website has one."""

from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from requests import Response

from devtools.demo.http_client import HttpClient, RecordGone, Refused, UnexpectedResponse, WriteLine

Row = dict[str, Any]
"""A record, as the API returns it."""

PAGE_SIZE: Final = 200
MAX_PAGES: Final = 5
"""Limits the requests for one list: a demo that ran for weeks must not get slower."""
POSTS_PER_REPETITION: Final = 30
"""One POST in this many is sent twice, as if its response had been lost."""


class ApiClient:
    """A client with one API key. `name` is printed in the output, such as "a till"."""

    def __init__(
        self, client: HttpClient, name: str, secret: str, write_line: WriteLine, repeats: Random
    ) -> None:
        self._client, self._name, self._write_line, self._repeats = (
            client,
            name,
            write_line,
            repeats,
        )
        self._key = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, **query: Any) -> Row:
        row: Row = _parse_response(self._request("GET", path, params=query))
        return row

    def list_rows(self, path: str, **query: Any) -> list[Row]:
        """Return the rows of a list, up to MAX_PAGES pages."""
        rows: list[Row] = []
        cursor: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            page = self.get(path, limit=PAGE_SIZE, **query, **cursor)
            rows += page["results"]
            if not page["next"]:
                break
            cursor = {"cursor": parse_qs(urlsplit(page["next"]).query)["cursor"][0]}
        return rows

    def patch(self, path: str, **changes: Any) -> Row:
        row: Row = _parse_response(self._request("PATCH", path, json=changes))
        return row

    def post(self, path: str, **body: Any) -> Row:
        """Create something once, even if the request has to be repeated."""
        # not from the simulation's `random`: a second run with the same seed would be a repetition
        key = {"Idempotency-Key": str(uuid4())}
        row: Row = _parse_response(self._request("POST", path, key, json=body))
        if self._repeats.randrange(POSTS_PER_REPETITION) == 0:
            self._repeat(path, key, body, row)
        return row

    def _repeat(self, path: str, key: dict[str, str], body: Row, first: Row) -> None:
        response = self._request("POST", path, key, json=body)
        if (
            response.headers.get("Idempotent-Replayed") != "true"
            or _parse_response(response) != first
        ):
            raise UnexpectedResponse(f"{self._name} repeated a request, and it was executed twice")
        self._write_line(
            f"{self._name} got no response and repeated the request; it was executed once"
        )

    def _request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> Response:
        while True:
            response = self._client.request(
                method, f"/api/v1/{path}", headers=self._key | (headers or {}), **options
            )
            if response.status_code != 429:
                return response
            self._client.wait(response)


def _parse_response(response: Response) -> Any:
    """Return the JSON. Raises RecordGone, or Refused with the API's sentences."""
    try:
        data = response.json()
    except ValueError as error:
        raise UnexpectedResponse(f"the API answered {response.status_code} without JSON") from error
    if response.status_code == 404:
        raise RecordGone
    if not response.ok:
        raise Refused(" ".join(error["message"] for error in data["errors"]))
    return data
