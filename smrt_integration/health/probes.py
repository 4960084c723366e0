"""`/livez` and `/readyz`, for load balancers, orchestrators and monitors.

A probe speaks http to an address without a name, so these answer before the checks of hosts and of
https. They also come before sessions and the request log: a probe asks every few seconds.

`/livez` says that this process answers. `/readyz` says whether this web server can serve anybody,
which needs the database and all migrations. It also reports the broker, beat, the workers and the
lanes. They do not make it a 503: without them tills work on, and events wait in the outbox. If an
orchestrator then took all web servers out, nobody could take an order because beat is away.
`/readyz?all` is a 503 when anything does not work: for a monitor that calls a person.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, JsonResponse

from smrt_integration.health import readiness

NEVER_STORED: Final = {"Cache-Control": "no-store"}


class Probes:
    """Middleware, the outermost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._probes = {"/livez": livez, "/readyz": readyz}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = self._probes.get(request.path_info)
        if probe is None:
            return self._get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return probe(request)


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"alive": True}, headers=NEVER_STORED)


def readyz(request: HttpRequest) -> JsonResponse:
    checks = readiness.all_checks()
    is_ready = all(check.ok for check in checks if check.is_needed)
    is_well = all(check.ok for check in checks)
    body = {
        "ready": is_ready,
        "all_ok": is_well,
        "checks": [
            {"name": it.name, "ok": it.ok, "needed": it.is_needed, "text": it.text} for it in checks
        ],
    }
    has_passed = is_well if "all" in request.GET else is_ready
    return JsonResponse(body, status=200 if has_passed else 503, headers=NEVER_STORED)
