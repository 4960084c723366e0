"""Unknown paths of the API: a JSON 404 instead of a page."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from smrt_integration.api.errors import UNKNOWN_PATH


@extend_schema(exclude=True)
class NotFoundView(APIView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate first, then answer 404 for every method."""
        super().initial(request, *args, **kwargs)
        raise NotFound(UNKNOWN_PATH)
