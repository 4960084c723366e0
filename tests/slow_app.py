"""A web application whose answer waits for a file: it needs no Django, so it starts at once."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer once the file that the query string names exists."""
    path = Path(unquote(environ["QUERY_STRING"]))
    environ["wsgi.errors"].write("request under way\n")
    while not path.exists():
        time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"done"]
