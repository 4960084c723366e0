"""Open a page of the admin without what PostgreSQL cannot compare with anything."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from customers import storable


class StorableQueries:
    """Redirect to the same page without the values that hold half a character or a zero byte.

    The admin compares filters with columns unseen, which would be a server error. The API and the
    customer's pages check their few values themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%" not in request.META.get("QUERY_STRING", "") or not _is_page(request):
            return self.get_response(request)
        odd = [name for name in request.GET if any(map(storable.problem, _texts(request, name)))]
        if not odd:
            return self.get_response(request)
        query = request.GET.copy()
        for name in odd:
            del query[name]
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}".removesuffix("?"))


def _is_page(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/") and request.method in {"GET", "HEAD"}


def _texts(request: HttpRequest, name: str) -> list[str]:
    return [name, *request.GET.getlist(name)]
