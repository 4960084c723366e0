"""Addresses of the API at which there is nothing, answered as the API answers, not as a page."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class NotFoundView(APIView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever the method, and for whom knows no key: first of all, who calls."""
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address. See /api/v1/docs for what there is.")
