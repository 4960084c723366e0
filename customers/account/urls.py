from django.urls import path, re_path

from customers.account import contact, home, login, pickups

app_name = "account"
urlpatterns = [
    path("", home.home, name="home"),
    path("orders", home.orders, name="orders"),
    path("pickups/new", pickups.schedule, name="schedule"),
    path("pickups/<uuid:pickup>/cancel", pickups.cancel, name="cancel"),
    path("regular", pickups.regular_pickups, name="regular"),
    path("details", contact.details, name="details"),
    path("messages", contact.messages, name="messages"),
    path("leave", login.log_out, name="leave"),
    # Last, and whatever it is: a link that was cut or wrapped on its way is answered by our page too.
    re_path(r"(?P<token>[\s\S]+)", login.log_in, name="enter"),
]
