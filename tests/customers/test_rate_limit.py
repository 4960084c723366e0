"""Calls are counted in time windows, in Redis."""

import os
import socket
import time

import pytest
import redis
from django.conf import LazySettings

from customers import rate_limit
from customers.rate_limit import count_call, seconds_to_next_window

NOON = 1_767_268_800.0


def test_each_window_has_its_own_count(settings: LazySettings) -> None:
    assert [count_call("smrt:test", 60, NOON + second) for second in (0, 1, 59.9)] == [1, 2, 3]
    assert count_call("smrt:test", 60, NOON + 60) == 1
    assert count_call("smrt:other", 60, NOON) == 1

    keys = redis.Redis.from_url(settings.REDIS_URL)
    assert all(0 < keys.ttl(key) <= 60 for key in keys.keys("smrt:test:*"))


def test_the_next_window_begins_when_this_one_ends() -> None:
    assert seconds_to_next_window(60, NOON) == 60
    assert seconds_to_next_window(60, NOON + 59.5) == 0.5


def test_a_hanging_redis_delays_only_one_call(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_url = settings.REDIS_URL
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        start = time.monotonic()
        assert count_call("smrt:test", 60, NOON) == 0
        assert time.monotonic() - start < 1

        settings.REDIS_URL = redis_url
        assert count_call("smrt:test", 60, NOON) == 0, "Redis is not called again at once"

    monkeypatch.setattr(rate_limit, "_retry_at", time.monotonic())
    assert count_call("smrt:test", 60, NOON) == 1


def test_a_process_does_not_use_the_connection_of_its_parent(settings: LazySettings) -> None:
    ours = rate_limit._redis(os.getpid(), settings.REDIS_URL)

    assert rate_limit._redis(os.getpid(), settings.REDIS_URL) is ours
    assert rate_limit._redis(os.getpid() + 1, settings.REDIS_URL) is not ours
