"""Beat and workers prove by rows that they live; a worker only while it gets on with its work."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from smrt_integration.admin.programs import clock_sentence
from smrt_integration.health import heartbeats, worker
from smrt_integration.health.heartbeats import this_process
from smrt_integration.health.models import Heartbeat
from tests.factories import UserFactory
from tests.workers import Beat, Worker, wait_until


def write(program: str = "worker", pid: int = 1, **changes: object) -> Heartbeat:
    """Write a heartbeat of a program on this host, and then change its row."""
    heartbeats.RunningSelf(program, pid, time.monotonic()).write_heartbeat()
    rows = Heartbeat.objects.filter(program=program, pid=pid)
    if changes:
        rows.update(**changes)
    return rows.get()


def minutes_ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> worker.Child:
    """This process as a child of a worker whose main process gets on."""
    child, times = worker.Child(), worker.SharedTimes()
    monkeypatch.setattr(worker, "child", child)
    monkeypatch.setattr(worker, "times", times)
    monkeypatch.setattr(worker, "_worker", this_process("worker"))
    times.set(times.MAIN_GOT_ON)
    return child


@pytest.mark.django_db
def test_a_child_writes_while_it_has_nothing_to_do_and_while_its_task_gets_on(
    child: worker.Child,
) -> None:
    worker.write_heartbeat_if_due()
    (first,) = Heartbeat.objects.all()
    assert (first.program, first.pid, first.host) == ("worker", os.getpid(), os.uname().nodename)
    assert abs(first.clock_difference) < 1

    worker.write_heartbeat_if_due()
    assert Heartbeat.objects.get().seen_at == first.seen_at, "at most one write in five seconds"

    child.start_task()
    worker.times = worker.SharedTimes()
    worker.times.set(worker.times.MAIN_GOT_ON)
    worker.write_heartbeat_if_due()
    assert Heartbeat.objects.get().seen_at > first.seen_at


@pytest.mark.django_db
def test_a_child_with_a_task_that_hangs_writes_nothing_until_a_query_of_it_succeeds(
    child: worker.Child,
) -> None:
    child.start_task()
    child.got_on -= worker.STUCK_SECONDS + 1
    worker.write_heartbeat_if_due()
    assert not Heartbeat.objects.exists()

    with connection.execute_wrapper(child.note_query), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    worker.write_heartbeat_if_due()
    assert Heartbeat.objects.exists()


@pytest.mark.django_db
def test_children_of_a_main_process_that_hangs_write_nothing(
    child: worker.Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "MAIN_STUCK_SECONDS", 0.0)
    worker.write_heartbeat_if_due()
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_a_heartbeat_has_the_databases_time_and_how_far_the_programs_clock_is_ahead() -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=70)):
        heartbeat = write()
    assert 69 < heartbeat.clock_difference < 71
    assert abs(timezone.now() - heartbeat.seen_at) < timedelta(seconds=2)
    assert clock_sentence(heartbeat.clock_difference) == "1 minute ahead of the database's"
    assert clock_sentence(-8.2) == "8 seconds behind the database's"
    assert clock_sentence(0.4) == "Right"


@pytest.mark.django_db
def test_a_wrong_clock_is_logged_once_an_hour_and_shown_to_support(client: Client) -> None:
    with capture_logs() as logged:
        for pid in (1, 2):
            write("beat", pid=pid)
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=70)):
            for _ in range(3):
                write("worker", pid=1)
            Heartbeat.objects.update(clock_logged_at=Now() - timedelta(hours=1))
            write("worker", pid=1)
        with time_machine.travel(datetime.now(UTC) - timedelta(seconds=8)):
            write("web", pid=1)

    assert [(line["event"], line["program"], round(line["seconds"])) for line in logged] == [
        ("clock_differs", "worker", 70),
        ("clock_differs", "worker", 70),
        ("clock_differs", "web", -8),
    ]
    sentences = {
        f"The clock of {os.uname().nodename}, where a worker runs, is 70 seconds ahead of",
        f"The clock of {os.uname().nodename}, where a web server runs, is 8 seconds behind",
    }
    for is_support in (True, False):
        client.force_login(UserFactory.create(is_staff=True, is_superuser=is_support))
        home = client.get("/admin/").content.decode()
        shown = [sentence in home for sentence in sentences]
        assert (shown, "where a beat runs" in home) == ([is_support] * 2, False)


@pytest.mark.django_db(transaction=True)
def test_a_web_server_writes_one_row_about_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "_write_from_web_at", 0.0)
    for _ in range(3):
        heartbeats.write_from_web()

    wait_until(Heartbeat.objects.exists, "the row is written")
    (row,) = Heartbeat.objects.all()
    assert (row.program, row.pid) == ("web", os.getppid())
    assert heartbeats._write_from_web_at > time.monotonic() + 50


@pytest.mark.django_db
def test_old_rows_are_deleted() -> None:
    write(pid=1, host="elsewhere", seen_at=minutes_ago(60))
    write(pid=2, host="gone", seen_at=minutes_ago(60 * 25))
    write(pid=3, seen_at=minutes_ago(11))
    write(pid=4, seen_at=minutes_ago(9))
    write("beat", pid=5, seen_at=minutes_ago(11))
    write(pid=6)
    assert set(Heartbeat.objects.values_list("pid", flat=True)) == {1, 4, 5, 6}


@pytest.mark.slow
def test_a_worker_and_beat_write_heartbeats_and_delete_them_when_they_end(
    start_worker: Callable[..., Worker], start_beat: Callable[[], Beat]
) -> None:
    programs = [start_beat(), start_worker(concurrency=2)]

    def pids() -> set[int]:
        return set(Heartbeat.objects.values_list("pid", flat=True))

    wait_until(lambda: pids() == {it.process.pid for it in programs}, "both have written")

    for program in programs:
        program.process.terminate()
    for program in programs:
        program.process.wait(30)
    assert pids() == set()


@pytest.mark.django_db
def test_support_sees_the_programs(client: Client) -> None:
    write("worker", pid=17, host="counter-7", seen_at=minutes_ago(2))
    write("beat", pid=18, host="counter-7", seen_at=minutes_ago(3), clock_difference=-70.0)
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    page = client.get("/admin/smrt_integration/heartbeat/").content.decode()
    for text in ("Worker on counter-7", "Seen 2 minutes ago", "Beat on counter-7"):
        assert text in page
    assert "Seen 3 minutes ago" in page
    assert "1 minute behind the database&#x27;s" in page
