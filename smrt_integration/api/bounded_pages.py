"""Filters for which no index has the order of the list.

A page looks at a bounded number of rows, and the next page goes on after them. So a page may have
fewer records than its limit, or none, although there is a next one.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db.models import QuerySet
from rest_framework.request import Request

MOST_SCANNED: Final = 5_000
"""Rows that a page looks at: in about 20 ms, also where each row's customer is looked up."""
FEW: Final = frozenset({"search", "name", "number", "external_id", "email", "phone", "customer"})
"""Filters with an index that let few rows through."""

Scanned = Mapping[str, Collection[str] | None]
"""By filter, the values for which no index has the order of the list. None: for no value."""


def looked_at(view: Any, request: Request) -> QuerySet[Any] | None:
    """Return the rows that the filters without an index look at, or None if there are no such."""
    filterset: Any = getattr(view, "filterset_class", None)
    scanned: Scanned = getattr(filterset, "scanned", {})
    query = request.query_params
    used = {
        name
        for name, values in scanned.items()
        if name in query and (values is None or query[name] in values)
    }
    if not used or FEW.intersection(query):
        return None
    rest = {name: value for name, value in query.items() if name not in used}
    rows: QuerySet[Any] = filterset(data=rest, queryset=view.get_queryset(), request=request).qs
    return rows
