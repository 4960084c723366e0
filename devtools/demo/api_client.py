"""The REST API as a till, a driver's phone or a website's backend calls it: with its key, and so that nothing is done twice."""

from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from requests import Response

from devtools.demo.http_client import HttpClient, RecordGone, Refused, UnexpectedResponse, WriteLine

Row = dict[str, Any]
"""A record as the API tells of it."""

PAGE_SIZE: Final = 200
MAX_PAGES: Final = 5
"""A demo that ran for weeks must not become slower with each day."""
POSTS_PER_REPETITION: Final = 30
"""One POST of so many is sent a second time, as if its answer had been lost."""


class ApiClient:
    """`name`: what calls, in the words of who reads along."""

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
        """The rows of a list, or of its first pages when there are many."""
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
        """Once, however often it takes to hear the answer."""
        # Not out of the simulation's `random`: the same seed a second time would be taken for a repetition.
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
            raise UnexpectedResponse(f"{self._name} sent a call twice, and it was done twice")
        self._write_line(
            f"{self._name} did not hear the answer and sent it again; it was done once"
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
    """What it says. Raises Gone, or Refused with the API's own sentence."""
    try:
        said = response.json()
    except ValueError as error:
        raise UnexpectedResponse(
            f"the API answered {response.status_code} and something else than JSON"
        ) from error
    if response.status_code == 404:
        raise RecordGone
    if not response.ok:
        # the code beside a sentence is for programs
        raise Refused(
            " ".join(
                _error_sentences({name: part for name, part in said.items() if name != "code"})
            )
        )
    return said


def _error_sentences(said: Any) -> list[str]:
    """Of `{"detail": "..."}` and `{"field": ["..."]}`, however deep."""
    if isinstance(said, dict):
        return [sentence for part in said.values() for sentence in _error_sentences(part)]
    if isinstance(said, list):
        return [sentence for part in said for sentence in _error_sentences(part)]
    return [str(said)]
