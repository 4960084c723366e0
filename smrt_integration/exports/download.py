"""Send a finished export to a browser, without leaving web threads to slow readers.

A proxy that buffers responses (deploy/nginx.conf) takes a file at once, however slowly its reader
takes it from there. What stands here keeps a web process answering where no such proxy is.
"""

from collections.abc import Iterator, Mapping
from threading import BoundedSemaphore
from typing import Any, Final, Self

from smrt_integration.exports.files import storage
from smrt_integration.exports.models import Export

DOWNLOADS_AT_ONCE: Final = 1
"""In one web process, which has at least two threads: the others go on with what tills need."""
PIECE_BYTES: Final = 65_536
PIECE_SECONDS: Final = 4.0
"""A reader slower than 16 KB/s is cut off, or it would keep everybody else from downloading."""

_free = BoundedSemaphore(DOWNLOADS_AT_ONCE)


class DownloadRefused(Exception):
    """Another download is under way in this web process."""


class MissingPart(Exception):
    """A stored file of the export is gone."""


class Download:
    """The content of an export, piece by piece. It has to be closed, which lets the next one in.

    Raises DownloadRefused and MissingPart.
    """

    def __init__(self, export: Export) -> None:
        self._is_open = _free.acquire(blocking=False)
        if not self._is_open:
            raise DownloadRefused
        if not all(storage().exists(name) for name in export.parts):
            self.close()
            raise MissingPart
        self._pieces = _pieces(export.parts)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            _free.release()

    def __del__(self) -> None:
        self.close()


def _pieces(names: list[str]) -> Iterator[bytes]:
    for name in names:
        with storage().open(name) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece


def limit_time(environ: Mapping[str, Any]) -> None:
    """Have gunicorn end the connection when its client takes a piece too slowly."""
    if client := environ.get("gunicorn.socket"):
        client.settimeout(PIECE_SECONDS)
