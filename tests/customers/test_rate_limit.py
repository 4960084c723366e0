"""Calls are counted in time windows, in Redis."""

import os
import socket
import time

import pytest
import redis
from django.conf import LazySettings

from customers import rate_limit
from customers.rate_limit import count_call
from tests.workers import wait_until


def test_calls_are_counted_by_name_until_their_window_ends(settings: LazySettings) -> None:
    assert [count_call("smrt:test", 60).calls for _ in range(3)] == [1, 2, 3]
    assert count_call("smrt:other", 60).calls == 1
    assert 59 < count_call("smrt:test", 60).seconds_left <= 60

    redis.Redis.from_url(settings.REDIS_URL).pexpire("smrt:test", 1)
    wait_until(lambda: count_call("smrt:test", 60).calls == 1, "the next window begins")


def test_a_hanging_redis_delays_only_one_call(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_url = settings.REDIS_URL
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        start = time.monotonic()
        assert count_call("smrt:test", 60).calls == 0
        assert time.monotonic() - start < 1

        settings.REDIS_URL = redis_url
        assert count_call("smrt:test", 60).calls == 0, "Redis is not called again at once"

    monkeypatch.setattr(rate_limit, "_retry_at", time.monotonic())
    assert count_call("smrt:test", 60).calls == 1


def test_a_process_does_not_use_the_connection_of_its_parent(settings: LazySettings) -> None:
    ours = rate_limit._redis(os.getpid(), settings.REDIS_URL)

    assert rate_limit._redis(os.getpid(), settings.REDIS_URL) is ours
    assert rate_limit._redis(os.getpid() + 1, settings.REDIS_URL) is not ours
