from django.contrib import admin
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path, re_path

from customers.account.join import join
from customers.texts.webhook import incoming


def front_door(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


def malformed(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's own page looks for a token in the form first. Where the form is what cannot be read, that would be an error of ours."""
    return HttpResponseBadRequest("This request cannot be read.", content_type="text/plain")


handler400 = malformed
handler500 = "smrt_integration.api.errors.internal_error"
urlpatterns = [
    path("", front_door),
    path("admin/", admin.site.urls),
    path("account/", include("customers.account.urls")),
    # whatever it is, as a link of the account: mail programs cut and wrap this one too
    re_path(r"^join/(?P<business>[\s\S]+)", join, name="join"),
    path("texts/incoming", incoming, name="texts-incoming"),
    path("api/v1/", include(("smrt_integration.api.urls", "api"))),
]
