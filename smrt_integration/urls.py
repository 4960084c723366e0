from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path


def front_door(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


urlpatterns = [
    path("", front_door),
    path("admin/", admin.site.urls),
    path("api/v1/", include(("smrt_integration.api.urls", "api"))),
]
