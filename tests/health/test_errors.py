"""An error that nobody expected: a page in plain words, and an email where one is wanted."""

from collections.abc import Iterator
from typing import NoReturn

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings

from smrt_integration import urls
from tests.events.mail_server import MailServer, mail_server
from tests.workers import wait_until

SECRET = "Ada Lovelace, 12 Bush Street"
TOLD = "We were told of it."


class Odd(Exception):
    """What only this test raises."""


def fail(request: HttpRequest, name: str) -> NoReturn:
    raise Odd(f"{name} has an odd value")


urlpatterns = [path("account/<str:name>", fail)]
handler500 = urls.handler500


@pytest.fixture(autouse=True)
def _only_a_bug(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def developers(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.ERROR_EMAILS = ["developers@smrt.example.com"]
        yield server


def page() -> str:
    response = Client(raise_request_exception=False).get(f"/account/{SECRET}")
    assert (response.status_code, response.headers["Cache-Control"]) == (500, "no-store")
    text = response.content.decode()
    assert "Something went wrong on our side" in text
    assert "500" not in text
    return text


def test_without_somebody_to_tell_the_page_does_not_say_so() -> None:
    assert TOLD not in page()


def test_developers_are_told_once_and_nothing_of_what_was_worked_on(
    developers: MailServer,
) -> None:
    assert TOLD in page()
    assert TOLD in page()
    wait_until(lambda: developers.received, "an email arrives")
    (email,) = developers.received
    assert email["To"] == "developers@smrt.example.com"
    assert email["Subject"].startswith("SMRT error: Odd in fail (")
    text = email.get_content()
    assert f"fail ({__file__}, line " in text
    assert SECRET not in email.as_string()
    assert "Lovelace" not in email.as_string()
