"""Open a page of the admin without what PostgreSQL cannot compare with anything."""

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from customers import storable


class StorableQueries:
    """Middleware that opens a list without the filters that made its query fail.

    Pages check what people search for. But Django's admin compares any `?name=` of an address with
    the column, and PostgreSQL takes no zero byte.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DataError) or not request.path.startswith("/admin/"):
            return None
        query = request.GET.copy()
        for name, values in request.GET.lists():
            if any(map(storable.problem, [name, *values])):
                del query[name]
        if query == request.GET:
            return None
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}".removesuffix("?"))
