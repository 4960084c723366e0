from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path, re_path

from customers.account.join import join
from customers.texts.webhook import incoming
from smrt_integration.admin import find
from smrt_integration.api.not_found import NotFoundView


def redirect_to_admin(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


handler400 = "smrt_integration.api.errors.bad_request"
handler500 = "smrt_integration.api.errors.internal_error"
urlpatterns = [
    path("", redirect_to_admin),
    # before the theme's page of this address and name
    path("admin/search/", admin.site.admin_view(find.view)),
    path("admin/", admin.site.urls),
    path("account/", include("customers.account.urls")),
    # Any text, as with account links: mail programs cut and wrap this link too.
    re_path(r"^join/(?P<business>[\s\S]+)", join, name="join"),
    path("texts/incoming", incoming, name="texts-incoming"),
    path("api/v1/", include(("smrt_integration.api.urls", "api"))),
    re_path(r"^api(/|$)", NotFoundView.as_view()),
]
