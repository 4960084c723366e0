"""Beat's scheduler goes on by itself after a wrong clock, an odd edit, or a broker that was away.

The broker is a real one; each test asks it which tasks beat published.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks
from structlog.testing import capture_logs
from time_machine import TimeMachineFixture

from devtools.services.redis import RedisServer
from events.stale_tasks import MAX_WAITING_TASKS
from smrt_integration import schedules
from tests.own_beat import OwnBeat

pytestmark = pytest.mark.django_db

DELIVER = "Deliver what waits"
HOURLY = "Expire what waited too long"
TWO_DAYS = timedelta(days=2)


@pytest.fixture(autouse=True)
def _open_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let beat, which closes connections in an odd state, keep that with the test's transaction."""
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """The wall clock, which goes on, and which a test may shift."""
    time_machine.move_to(timezone.now())
    return time_machine


@pytest.fixture
def own_beat(settings: Any) -> Iterator[OwnBeat]:
    own = OwnBeat(settings.CELERY_BROKER_URL)
    yield own
    own.close()


def row(name: str) -> PeriodicTask:
    return PeriodicTask.objects.get(name=name)


class TestWrongClock:
    @pytest.mark.parametrize("column", ["last_run_at", "start_time", "date_changed"])
    def test_a_time_ahead_keeps_no_schedule_from_running(
        self, own_beat: OwnBeat, column: str
    ) -> None:
        PeriodicTask.objects.update(**{column: timezone.now() + TWO_DAYS})

        with capture_logs() as logged:
            assert own_beat.run().keys() >= schedules.SCHEDULE_NAMES

        assert [line["event"] for line in logged] == ["schedules_corrected"]
        own_beat.scheduler.sync()
        assert row(HOURLY).last_run_at <= timezone.now()
        assert row(HOURLY).start_time <= timezone.now()

    def test_a_clock_that_was_ahead_for_a_moment_stops_beat_for_less_than_a_minute(
        self, own_beat: OwnBeat, clock: TimeMachineFixture
    ) -> None:
        own_beat.run()
        clock.shift(TWO_DAYS)
        assert own_beat.run().keys() >= schedules.SCHEDULE_NAMES
        clock.shift(-TWO_DAYS)
        assert own_beat.run() == {}

        own_beat.let_read_again()

        assert own_beat.run().keys() >= schedules.SCHEDULE_NAMES
        clock.shift(timedelta(seconds=6))
        every_five_seconds = {each.name for each in schedules.SCHEDULES if each.seconds == 5}
        assert set(own_beat.run()) == every_five_seconds

    def test_reading_again_runs_nothing_early(self, own_beat: OwnBeat) -> None:
        own_beat.run()
        for _ in range(3):
            own_beat.let_read_again()
            assert own_beat.run() == {}

    def test_an_operators_own_schedule_keeps_its_start(self, own_beat: OwnBeat) -> None:
        start = timezone.now() + TWO_DAYS
        interval = IntervalSchedule.objects.create(every=5, period="seconds")
        PeriodicTask.objects.create(name="Own", task="own", interval=interval, start_time=start)

        assert "Own" not in own_beat.run()

        assert row("Own").start_time == start


class TestEdits:
    def test_a_schedule_that_was_switched_off_stays_off_and_is_logged_once(
        self, own_beat: OwnBeat
    ) -> None:
        PeriodicTask.objects.filter(name=HOURLY).update(enabled=False)

        with capture_logs() as logged:
            assert HOURLY not in own_beat.run()
            own_beat.let_read_again()
            own_beat.run()

        assert [(line["event"], line["schedules"]) for line in logged] == [
            ("schedules_off", [HOURLY])
        ]

    def test_a_schedule_that_was_deleted_is_created_again(self, own_beat: OwnBeat) -> None:
        own_beat.run()
        row(HOURLY).delete()

        with capture_logs() as logged:
            assert set(own_beat.run()) == {HOURLY}

        assert [(line["event"], line["schedules"]) for line in logged] == [
            ("schedules_created", [HOURLY])
        ]

    def test_a_schedule_of_ours_that_ran_once_as_a_one_off_is_switched_off(
        self, own_beat: OwnBeat
    ) -> None:
        PeriodicTask.objects.filter(name=DELIVER).update(one_off=True)
        with capture_logs() as logged:
            assert own_beat.run()[DELIVER] == 1
            PeriodicTask.objects.filter(name=DELIVER).update(last_run_at=None, total_run_count=1)
            own_beat.scheduler._dirty.clear()
            PeriodicTasks.update_changed()
            assert DELIVER not in own_beat.run()
            own_beat.run()

        assert [line["event"] for line in logged] == ["schedules_off"]

    @pytest.mark.parametrize(
        "edit", [{"headers": "[]"}, {"headers": "{"}, {"kwargs": "{"}, {"kwargs": "[1]"}]
    )
    def test_an_edit_that_makes_a_schedule_unusable_stops_no_other(
        self, own_beat: OwnBeat, edit: dict[str, str]
    ) -> None:
        PeriodicTask.objects.filter(name=HOURLY).update(**edit)

        published = own_beat.run()
        published += own_beat.run()

        assert published.keys() >= schedules.SCHEDULE_NAMES - {HOURLY}
        assert HOURLY not in published


class TestBroker:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[RedisServer]:
        server = RedisServer(tmp_path / "redis")
        server.start()
        yield server
        server.kill()

    @pytest.fixture
    def own_beat(self, server: RedisServer) -> Iterator[OwnBeat]:
        own = OwnBeat(server.url)
        yield own
        own.close()

    def test_what_could_not_be_published_is_published_once_the_broker_is_back(
        self, own_beat: OwnBeat, server: RedisServer, clock: TimeMachineFixture
    ) -> None:
        server.stop()
        with capture_logs() as logged:
            for _ in range(12):
                own_beat.scheduler.tick()
                clock.shift(1)
            server.start()
            published = own_beat.run()
            clock.shift(2)
            published += own_beat.run()

        assert published == dict.fromkeys(published, 1)
        assert published.keys() >= schedules.SCHEDULE_NAMES
        assert [(line["event"], line.get("failures")) for line in logged] == [
            ("server_away", None),
            ("server_back", 12),
        ]

    def test_a_broker_that_takes_nothing_for_a_while_is_tried_again(
        self, own_beat: OwnBeat, server: RedisServer, clock: TimeMachineFixture
    ) -> None:
        replicaof = redis.Redis.from_url(server.url).replicaof
        replicaof("127.0.0.1", "1")
        with capture_logs() as logged:
            for _ in range(3):
                own_beat.scheduler.tick()
                clock.shift(1)
            replicaof("NO", "ONE")
            clock.shift(1)

            assert own_beat.run().keys() >= schedules.SCHEDULE_NAMES

        assert [line["event"] for line in logged] == ["server_away", "server_back"]
        assert (logged[0]["server"], logged[0]["log_level"]) == ("broker", "warning")

    def test_without_workers_few_tasks_pile_up_and_all_are_published_once_one_takes_them(
        self, own_beat: OwnBeat, server: RedisServer, clock: TimeMachineFixture
    ) -> None:
        broker = redis.Redis.from_url(server.url)
        broker.rpush("celery", *[b"waiting"] * MAX_WAITING_TASKS)
        with capture_logs() as logged:
            for _ in range(3):
                own_beat.scheduler.tick()
                clock.shift(1)
            assert broker.llen("celery") == MAX_WAITING_TASKS
            broker.delete("celery")
            clock.shift(1)

            assert own_beat.run().keys() >= schedules.SCHEDULE_NAMES

        assert [(line["event"], line["server"]) for line in logged] == [
            ("server_away", "workers"),
            ("server_back", "workers"),
        ]
