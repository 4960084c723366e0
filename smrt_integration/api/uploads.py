"""Uploads of files of any size: which requests they are, and how many at a time.

The body of an upload is read piece by piece while it arrives, so no limit of size applies to it.
A thread of the web server waits for each piece. Therefore a process takes few uploads at a time,
and none from a client that sends nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Final

UPLOAD_PATHS: Final = frozenset({"/api/v1/imports", "/admin/smrt_integration/customerimport/add/"})
"""deploy/nginx.conf names them, too."""
UPLOADS_AT_ONCE: Final = 2
"""In one web process, which has eight threads: the others go on with what tills need."""
SILENT_SECONDS: Final = 15.0
"""As the proxy, with some room: it ends an upload of which nothing has come for 10 s."""

_free = BoundedSemaphore(UPLOADS_AT_ONCE)


class TooManyUploads(Exception):
    """Other uploads are under way in this web process. Nothing of this one was read."""


def is_upload(method: str | None, path: str) -> bool:
    return method == "POST" and path in UPLOAD_PATHS


@contextmanager
def upload_turn(environ: Mapping[str, Any]) -> Iterator[None]:
    """Take one of the turns, and limit how long the client may send nothing.

    Raises TooManyUploads.
    """
    if not _free.acquire(blocking=False):
        raise TooManyUploads
    try:
        if client := environ.get("gunicorn.socket"):
            client.settimeout(SILENT_SECONDS)
        yield
    finally:
        _free.release()
