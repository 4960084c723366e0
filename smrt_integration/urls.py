from django.contrib import admin
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path, re_path

from customers.account.join import join
from customers.texts.webhook import incoming


def redirect_to_admin(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Return a 400 without a template.

    Django's page first looks for a CSRF token in the form. If the form cannot be read, that fails
    again, and the response would be a 500.
    """
    return HttpResponseBadRequest("This request cannot be read.", content_type="text/plain")


handler400 = bad_request
handler500 = "smrt_integration.api.errors.internal_error"
urlpatterns = [
    path("", redirect_to_admin),
    path("admin/", admin.site.urls),
    path("account/", include("customers.account.urls")),
    # Any text, as with account links: mail programs cut and wrap this link too.
    re_path(r"^join/(?P<business>[\s\S]+)", join, name="join"),
    path("texts/incoming", incoming, name="texts-incoming"),
    path("api/v1/", include(("smrt_integration.api.urls", "api"))),
]
