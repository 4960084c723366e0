from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path

from customers.account.join import join
from customers.texts.webhook import incoming


def front_door(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


handler500 = "smrt_integration.api.errors.fault"
urlpatterns = [
    path("", front_door),
    path("admin/", admin.site.urls),
    path("account/", include("customers.account.urls")),
    path("join/<uuid:business>", join, name="join"),
    path("texts/incoming", incoming, name="texts-incoming"),
    path("api/v1/", include(("smrt_integration.api.urls", "api"))),
]
