"""The addresses below /account/."""

from django.urls import path, re_path

from customers.account import contact, home, login, pickup_pages

app_name = "account"
urlpatterns = [
    path("", home.home, name="home"),
    path("orders", home.orders, name="orders"),
    path("pickups/new", pickup_pages.schedule, name="schedule"),
    path("pickups/<uuid:pickup>/cancel", pickup_pages.cancel, name="cancel"),
    path("regular", pickup_pages.regular_pickups, name="regular"),
    path("details", contact.details, name="details"),
    path("messages", contact.messages, name="messages"),
    path("leave", login.log_out, name="log_out"),
    # Last, and any text: a link that was cut or wrapped gets our own page too.
    re_path(r"(?P<token>[\s\S]+)", login.log_in, name="log_in"),
]
