"""Imports that are interrupted: by saves, by their owner, and by workers that are killed."""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from customers.budget import NO_TIME_LIMIT
from customers.models import Business, Customer, Visit
from events import wake
from events.models import Lapse, Outgoing
from smrt_integration.imports import next_chunk, write_customers
from smrt_integration.imports import run_imports as running
from smrt_integration.imports.control import cancel, pause, resume
from smrt_integration.imports.delete_old import delete_old
from smrt_integration.imports.models import (
    IMPORT_RETENTION,
    CustomerImport,
    ImportLine,
    import_storage,
)
from smrt_integration.imports.next_chunk import IMPORT_CHUNK_LINES
from smrt_integration.imports.run_imports import (
    IMPORT_LEASE,
    MAX_CHUNK_ATTEMPTS,
    run_imports,
)
from tests.customers.contention import count_waiting, hold_locks
from tests.e2e.test_killed_worker import children
from tests.factories import BusinessFactory, CustomerFactory, CustomerImportFactory
from tests.imports.run import figures, import_file, outcomes, start_file
from tests.workers import Worker, current_database_url, wait_until

State = CustomerImport.State


def expire_lease() -> None:
    """Let the time pass for which a killed worker's import is kept."""
    CustomerImport.objects.update(
        lease_until=timezone.now(), attempted_at=timezone.now() - IMPORT_LEASE
    )


@pytest.mark.django_db(transaction=True)
class TestBesideSaves:
    def test_a_customer_whom_a_save_holds_comes_later_and_keeps_the_save_s_change(self) -> None:
        business: Business = BusinessFactory.create()
        held: Customer = CustomerFactory.create(business=business, external_id="1", city="Reno")
        started = start_file(business, "id,first name\n1,Ada\n2,Bob\n")

        with psycopg.connect(current_database_url()) as save:
            save.execute("UPDATE customers_customer SET city = 'Rome' WHERE id = %s", [held.pk])
            run_imports()
            started.refresh_from_db()
            waiting = figures(started), outcomes(started)
        run_imports()

        assert waiting == (
            {"state": "running", "lines": 2, "created": 1, "postponed": 1},
            [(2, "postponed", ""), (3, "created", "Bob")],
        )
        started.refresh_from_db()
        assert figures(started) == {"state": "finished", "lines": 2, "created": 1, "updated": 1}
        held.refresh_from_db()
        assert (held.first_name, held.city) == ("Ada", "Rome")

    def test_a_customer_whom_a_till_creates_meanwhile_is_changed_and_not_created_twice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        business: Business = BusinessFactory.create()
        insert, tills = write_customers.insert_customers, iter([True])

        def create() -> None:
            CustomerFactory.create(business=business, external_id="1", city="Reno")
            connection.close()

        def insert_after_the_till(*args: object) -> dict[str, int]:
            if next(tills, False):
                till = threading.Thread(target=create)
                till.start()
                till.join()
            return insert(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(write_customers, "insert_customers", insert_after_the_till)

        done = import_file(business, "id,first name\n1,Ada\n")

        assert figures(done) == {"state": "finished", "lines": 1, "updated": 1}
        customer = Customer.objects.get(business=business)
        assert (customer.first_name, customer.city) == ("Ada", "Reno")

    def test_an_import_waits_no_longer_than_a_moment_for_a_lock(self) -> None:
        started = start_file(BusinessFactory.create(), "id,first name\n1,Ada\n")

        with hold_locks("LOCK TABLE customers_customer IN SHARE MODE"):
            assert run_imports() == 0
        started.refresh_from_db()
        assert (started.state, started.lease_token, started.attempts) == ("waiting", None, 0)
        assert run_imports() == 1


@pytest.mark.django_db
class TestOwners:
    @pytest.fixture
    def started(self, monkeypatch: pytest.MonkeyPatch) -> CustomerImport:
        """An import of which the first of two chunks is written."""
        monkeypatch.setattr(next_chunk, "IMPORT_CHUNK_LINES", 2)
        started = start_file(BusinessFactory.create(), "id,first name\n1,A\n2,B\n3,C\n4,D\n5,E\n")
        self.run_one_chunk()
        started.refresh_from_db()
        assert figures(started) == {"state": "running", "lines": 2, "created": 2}
        return started

    def run_one_chunk(self) -> None:
        claimed = running._claim()
        assert claimed
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running, "_renew_lease", lambda _: False)
            assert running._run(claimed, NO_TIME_LIMIT) == 1

    def test_a_paused_import_goes_on_where_it_was(self, started: CustomerImport) -> None:
        pause(started)
        assert run_imports() == 0
        resume(started)
        assert run_imports() == 2
        started.refresh_from_db()
        assert figures(started) == {"state": "finished", "lines": 5, "created": 5}

    def test_a_pause_or_a_cancel_in_the_middle_of_a_chunk_counts(
        self, started: CustomerImport
    ) -> None:
        claimed = running._claim()
        assert claimed
        cancel(started)
        assert running._run(claimed, NO_TIME_LIMIT) == 0
        started.refresh_from_db()
        assert figures(started) == {"state": "canceled", "lines": 2, "created": 2}
        assert Customer.objects.count() == 2

    def test_a_worker_that_lost_its_lease_writes_nothing(self, started: CustomerImport) -> None:
        frozen = running._claim()
        assert frozen
        assert run_imports() == 0
        expire_lease()
        assert run_imports() == 2
        assert running._run(frozen, NO_TIME_LIMIT) == 0
        assert Customer.objects.count() == 5
        assert ImportLine.objects.count() == 5

    def test_imports_take_turns(self, started: CustomerImport) -> None:
        other = start_file(BusinessFactory.create(), "id,first name\n1,A\n")
        claimed = running._claim()
        assert claimed == other

    def test_a_chunk_that_never_succeeds_is_given_up(
        self, started: CustomerImport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(MAX_CHUNK_ATTEMPTS):
            assert running._claim()
            expire_lease()
        assert run_imports() == 0
        started.refresh_from_db()
        assert started.state == State.FAILED
        assert started.failure.startswith("It could not go on after line 3 of the file.")
        resume(started)
        assert run_imports() == 2

    def test_an_import_whose_file_is_gone_fails(self, started: CustomerImport) -> None:
        import_storage().delete(str(started.file.name))
        assert run_imports() == 0
        started.refresh_from_db()
        assert (started.state, started.failure) == (
            State.FAILED,
            "Its file was deleted. Choose the file again.",
        )


@pytest.mark.django_db
def test_files_and_lines_are_deleted_after_a_day() -> None:
    done = import_file(BusinessFactory.create(), "id,first name\n1,Ada\n,Bob\n")
    never_started = CustomerImportFactory.create(requested_at=done.requested_at)
    orphan = import_storage().save("orphan.csv", ContentFile(b"id"))
    now = timezone.now()

    assert delete_old(now) == 0
    # An import may still be created for it.
    assert import_storage().exists(orphan)
    long_ago = (now - timedelta(hours=2)).timestamp()
    os.utime(import_storage().path(orphan), (long_ago, long_ago))
    assert delete_old(now) == 0
    assert not import_storage().exists(orphan)
    assert import_storage().exists(str(done.file.name))

    assert delete_old(now + IMPORT_RETENTION + timedelta(minutes=1)) == 2

    assert not CustomerImport.objects.exists()
    assert not ImportLine.objects.exists()
    for customer_import in (done, never_started):
        assert not import_storage().exists(str(customer_import.file.name))
    assert Customer.objects.count() == 1


KILLED_AT = (
    "customers_customer",
    "events_lapse",
    "smrt_integration_importline",
)
"""Tables that a chunk writes, in this order."""


@pytest.mark.slow
def test_a_killed_worker_s_import_is_done_once_wherever_it_was(
    start_worker: Callable[..., Worker],
) -> None:
    business: Business = BusinessFactory.create()
    lines = (len(KILLED_AT) + 2) * IMPORT_CHUNK_LINES
    content = "id,first name,signed up,last visit\n" + "".join(
        f"{number},Ada {number},2019-03-02,2019-03-02\n" for number in range(lines)
    )
    started = start_file(business, content)
    worker = start_worker()

    for table in KILLED_AT:
        with hold_locks(f"LOCK TABLE {table} IN SHARE MODE"):
            wait_until(Ticks(count_waiting), f"a chunk waits for {table}")
            kill_the_child(worker)
        expire_lease()
    wait_until(Ticks(lambda: has_ended(started)), "the import has ended")

    started.refresh_from_db()
    assert figures(started) == {"state": "finished", "lines": lines, "created": lines}
    numbers = ImportLine.objects.values_list("number", flat=True).order_by("number")
    assert list(numbers) == list(range(2, lines + 2))
    assert Customer.objects.filter(business=business).count() == lines
    assert Visit.objects.count() == Lapse.objects.count() == lines
    assert not Outgoing.objects.exists()


def kill_the_child(worker: Worker) -> None:
    """Kill the worker's process, and wait until the worker has started another one."""
    [process] = children(worker.process.pid)
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: children(worker.process.pid) not in ([], [process]), "there is another")


class Ticks:
    """A condition that also lets the worker import once a second, as beat does."""

    def __init__(self, condition: Callable[[], object]) -> None:
        self._condition = condition
        self._next = 0.0

    def __call__(self) -> object:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 1
            wake.publish(wake.IMPORT_CUSTOMERS_TASK)
        return self._condition()


def has_ended(customer_import: CustomerImport) -> bool:
    customer_import.refresh_from_db()
    return customer_import.state == State.FINISHED
