"""The site of the admin: the theme's, without work for what no page shows."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class MenuSite(UnfoldAdminSite):  # type: ignore[misc]  # the theme has no types
    """A site whose pages show our menu instead of the list of all apps."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the list, made when a template reads it.

        Django makes it for each page, which takes a tenth of the page's time.
        """
        get_app_list = super().get_app_list
        return SimpleLazyObject(lambda: get_app_list(request, app_label))


class MenuAdminConfig(AdminConfig):
    default_site = "smrt_integration.admin_site.MenuSite"
