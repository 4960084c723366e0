"""Open a page of the admin without what PostgreSQL cannot compare with anything."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from customers import storable


class StorableQueries:
    """Redirect to the same page without the values that hold half a character or a zero byte.

    No page leads to such an address, so a form that is sent to one is not missed.
    The admin compares filters with columns unseen, which would be a server error. The API and the
    customer's pages check their few values themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        has_escapes = "%" in request.META.get("QUERY_STRING", "")
        if not has_escapes or not request.path.startswith("/admin/"):
            return self.get_response(request)
        odd = [name for name in request.GET if any(map(storable.problem, _texts(request, name)))]
        if not odd:
            return self.get_response(request)
        query = request.GET.copy()
        for name in odd:
            del query[name]
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}".removesuffix("?"))


def _texts(request: HttpRequest, name: str) -> list[str]:
    return [name, *request.GET.getlist(name)]
