"""Logging in: guessing is stopped, cookies are safe."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from smrt_integration import login_locks
from smrt_integration.lockout import (
    FAILURES_PER_ADDRESS,
    LOCKED_FOR,
    LOGIN_ATTEMPTS,
    USERNAMES_PER_ADDRESS,
)

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def olivia(owner: User) -> User:
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def log_in(username: str, password: str, address: str = HERE, **headers: str) -> Any:
    return Client(REMOTE_ADDR=address, headers=headers).post(
        "/admin/login/?next=/admin/",
        {"username": username, "password": password, "next": "/admin/"},
    )


def guess(username: str, times: int, address: str = HERE) -> None:
    for n in range(times):
        assert log_in(username, f"guess {n}", address).status_code in {200, 429}


def test_who_guesses_is_stopped_even_with_the_right_password(olivia: User) -> None:
    guess(olivia.username, LOGIN_ATTEMPTS)

    answer = log_in(olivia.username, PASSWORD)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert (
        "For 15 minutes, nobody can log in with this username from here." in answer.content.decode()
    )
    assert "_auth_user_id" not in answer.client.session


def test_one_mistake_less_is_forgiven_and_forgotten(olivia: User) -> None:
    for _ in range(2):
        guess(olivia.username, LOGIN_ATTEMPTS - 1)
        assert log_in(olivia.username, PASSWORD).status_code == 302


def test_the_lock_opens_by_itself_also_when_guessing_goes_on(
    olivia: User, time_machine: TimeMachineFixture
) -> None:
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    guess(olivia.username, LOGIN_ATTEMPTS)
    time_machine.move_to(start + LOCKED_FOR - timedelta(minutes=1), tick=False)
    assert log_in(olivia.username, PASSWORD).status_code == 429

    time_machine.move_to(start + LOCKED_FOR + timedelta(seconds=1), tick=False)

    assert log_in(olivia.username, PASSWORD).status_code == 302


def test_neither_the_owner_elsewhere_nor_others_behind_the_same_address_are_locked_out(
    olivia: User, helper: User
) -> None:
    helper.set_password(PASSWORD)
    helper.save()
    guess(olivia.username, LOGIN_ATTEMPTS)

    assert log_in(olivia.username, PASSWORD, ELSEWHERE).status_code == 302
    assert log_in(helper.username, PASSWORD).status_code == 302


def test_behind_a_proxy_only_the_address_that_the_proxy_saw_counts(
    olivia: User, settings: LazySettings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for n in range(LOGIN_ATTEMPTS):
        log_in(olivia.username, "guess", "10.0.0.1", X_Forwarded_For=f"203.0.113.{n}, {HERE}")

    assert (
        log_in(
            olivia.username, PASSWORD, "10.0.0.1", X_Forwarded_For=f"203.0.113.99, {HERE}"
        ).status_code
        == 429
    )
    assert (
        log_in(olivia.username, PASSWORD, "10.0.0.1", X_Forwarded_For=ELSEWHERE).status_code == 302
    )


def test_without_a_proxy_a_forwarded_address_changes_nothing(olivia: User) -> None:
    for n in range(LOGIN_ATTEMPTS):
        log_in(olivia.username, "guess", X_Forwarded_For=f"203.0.113.{n}")

    assert log_in(olivia.username, PASSWORD, X_Forwarded_For=ELSEWHERE).status_code == 429


def test_a_header_that_is_no_address_neither_fails_nor_avoids_the_lockout(
    olivia: User, settings: LazySettings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for n in range(LOGIN_ATTEMPTS):
        assert log_in(olivia.username, "guess", X_Forwarded_For=f"nowhere {n}").status_code != 500

    assert log_in(olivia.username, PASSWORD, X_Forwarded_For="").status_code == 429


def test_all_addresses_of_one_ipv6_network_share_a_lockout(olivia: User) -> None:
    for n in range(LOGIN_ATTEMPTS):
        guess(olivia.username, 1, f"2001:db8:1:2::{n:x}")

    assert log_in(olivia.username, PASSWORD, "2001:db8:1:2:ffff::1").status_code == 429
    assert log_in(olivia.username, PASSWORD, "2001:db8:1:3::1").status_code == 302


def test_attempts_from_an_unknown_address_count_too(olivia: User) -> None:
    """A web server behind a Unix socket knows no address."""
    guess(olivia.username, LOGIN_ATTEMPTS, "")

    assert log_in(olivia.username, PASSWORD, "").status_code == 429
    assert log_in(olivia.username, PASSWORD, HERE).status_code == 302


def test_many_usernames_from_one_address_lock_it(
    olivia: User, time_machine: TimeMachineFixture
) -> None:
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    for n in range(USERNAMES_PER_ADDRESS):
        assert log_in(f"name {n}", "guess").status_code == 200

    answer = log_in(olivia.username, PASSWORD)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "For 15 minutes, nobody can log in from here" in answer.content.decode()
    assert log_in(olivia.username, PASSWORD, ELSEWHERE).status_code == 302
    time_machine.move_to(start + LOCKED_FOR + timedelta(seconds=1), tick=False)
    assert log_in(olivia.username, PASSWORD).status_code == 302


def test_many_usernames_from_one_ipv6_network_lock_it(olivia: User) -> None:
    for n in range(USERNAMES_PER_ADDRESS):
        log_in(f"name {n}", "guess", f"2001:db8:1:2::{n:x}")

    assert log_in(olivia.username, PASSWORD, "2001:db8:1:2:ffff::1").status_code == 429
    assert log_in(olivia.username, PASSWORD, "2001:db8:1:3::1").status_code == 302


def test_many_guesses_for_few_usernames_from_one_address_lock_it(olivia: User) -> None:
    for n in range(FAILURES_PER_ADDRESS // LOGIN_ATTEMPTS):
        guess(f"name {n}", LOGIN_ATTEMPTS)

    assert log_in(olivia.username, PASSWORD).status_code == 429


def test_a_shop_in_which_several_people_mistype_is_not_locked(olivia: User, helper: User) -> None:
    for n in range(USERNAMES_PER_ADDRESS - 2):
        guess(f"name {n}", 3)
    for _ in range(3):
        guess(olivia.username, LOGIN_ATTEMPTS - 1)
        assert log_in(olivia.username, PASSWORD).status_code == 302, "who logs in counts no more"

    assert log_in(helper.username, "guess").status_code == 200


def test_guesses_for_one_username_from_many_addresses_lock_all_but_known_browsers(
    olivia: User, helper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_locks, "FAILURES_PER_USERNAME", 3)
    known = log_in(olivia.username, PASSWORD).client
    for n in range(3):
        guess(olivia.username, 1, f"198.51.100.{n}")

    def log_in_with(browser: Client, password: str = PASSWORD) -> Any:
        return browser.post("/admin/login/", {"username": olivia.username, "password": password})

    stranger = log_in_with(Client(REMOTE_ADDR=ELSEWHERE))
    assert (stranger.status_code, int(stranger.headers["Retry-After"]) > 86_000) == (429, True)
    assert "nobody can log in with it for 24 hours" in stranger.content.decode()
    assert log_in_with(known).status_code == 302
    of_another = Client()
    of_another.force_login(helper)
    assert log_in_with(of_another).status_code == 429
    # A browser that knows an old password is as good as none.
    olivia.set_password("another-horse-battery")
    olivia.save()
    assert log_in_with(known, "another-horse-battery").status_code == 429


def test_nobodys_name_or_password_is_logged(olivia: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        guess(olivia.username, LOGIN_ATTEMPTS + 1)
        log_in(olivia.username, PASSWORD)

    for secret in (olivia.username, PASSWORD, "guess 1", HERE):
        assert not any(
            secret in record.getMessage()
            for record in caplog.records
            if record.name.startswith(("axes", "django.security"))
        )


def test_cookies_cannot_be_read_by_scripts_nor_sent_from_other_sites(olivia: User) -> None:
    cookies = log_in(olivia.username, PASSWORD).cookies

    assert {"sessionid", "csrftoken"} <= cookies.keys()
    assert all(cookie["httponly"] and cookie["samesite"] == "Lax" for cookie in cookies.values())
    assert 0 < int(cookies["sessionid"]["max-age"]) <= 12 * 3600


def test_who_logs_in_gets_another_session(olivia: User) -> None:
    """Else whoever set the cookie before could use it after."""
    client = Client()
    client.get("/admin/login/")
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key

    client.post("/admin/login/", {"username": olivia.username, "password": PASSWORD})

    assert client.session.session_key != before


def test_logging_out_takes_more_than_following_a_link(olivia: User) -> None:
    client = Client()
    client.force_login(olivia)

    assert client.get("/admin/logout/").status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post("/admin/logout/").status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "query", ["", "?next=", "?next=https://evil.example.com/", "?next=//evil", "?next=%00"]
)
def test_a_login_that_no_page_asked_for_leads_to_the_first_page(olivia: User, query: str) -> None:
    browser = Client()
    sent = {"username": olivia.username, "password": PASSWORD}
    response = browser.post(f"/admin/login/{query}", sent)
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    # They are logged in already.
    again = browser.get(f"/admin/login/{query}", follow=True)
    assert (again.status_code, again.request["PATH_INFO"]) == (200, "/admin/")
