"""The page of an export says how far it is, and serves its file to those who may see it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from customers.models import Business, Customer, Membership
from events.models import Integration
from events.send_log.filter import MessageFilter
from smrt_integration.exports import files, write_parts
from smrt_integration.exports.download import Download
from smrt_integration.exports.models import Export
from smrt_integration.exports.request_export import MAX_KEPT_EXPORTS, request_export
from tests.admin.conftest import logged_in
from tests.events.log_entries import create_log_entry
from tests.factories import ExportFactory

pytestmark = pytest.mark.django_db
EXPORT = "/admin/events/sendlog/export/"
EXPORTS = "/admin/smrt_integration/export/"


@pytest.fixture
def office(owner: User, integration: Integration) -> Client:
    return logged_in(owner)


@pytest.fixture
def ready(customer: Customer) -> Export:
    create_log_entry(customer)
    export = ExportFactory.create(business=customer.business)
    write_parts.write_exports()
    export.refresh_from_db()
    return export


def text(client: Client, export: Export) -> str:
    return client.get(f"{EXPORTS}{export.pk}/change/").content.decode()


def test_the_page_says_how_far_the_export_is(office: Client, business: Business) -> None:
    export = ExportFactory.create(business=business, expected=12_000)
    assert "Your export begins within seconds." in text(office, export)
    stages: list[tuple[dict[str, Any], str]] = [
        ({"attempted_at": timezone.now(), "attempts": 1}, "0 of about 12,000 rows are written."),
        ({"rows": 4_000}, "4,000 of about 12,000 rows are written."),
        ({"attempts": 2}, "It goes on by itself within a minute."),
        ({"failed_at": timezone.now()}, "Export again from the send log."),
        (
            {"failed_at": None, "finished_at": timezone.now(), "rows": 12_001},
            "Your export is ready: 12,001 rows.",
        ),
        ({"finished_at": timezone.now() - timedelta(days=1)}, "we keep each for one day"),
    ]
    for values, sentence in stages:
        Export.objects.filter(pk=export.pk).update(**values)
        shown = text(office, export)
        assert sentence in shown
        assert ("refresh" in shown) == (values.keys() < {"attempted_at", "attempts", "rows"})


def test_the_list_says_who_asked_when_how_many_rows_and_until_when(
    office: Client, owner: User, ready: Export
) -> None:
    Export.objects.filter(pk=ready.pk).update(requested_by=owner, rows=1_234)
    shown = office.get(EXPORTS).content.decode()
    for cell in ("All messages", "olivia", "1,234", f"{EXPORTS}{ready.pk}/download/"):
        assert cell in shown


def test_the_same_filter_is_exported_once_at_a_time_and_three_filters_at_most(
    office: Client, helper: User
) -> None:
    colleague = logged_in(helper)
    pages = [
        client.post(f"{EXPORT}?outcome={outcome}")["Location"]
        for client, outcome in (
            (office, "rejected"),
            (colleague, "rejected"),
            (office, "accepted"),
            (office, "skipped"),
        )
    ]
    assert len(set(pages)) == 3
    assert pages[0] == pages[1]
    refused = office.post(f"{EXPORT}?outcome=expired", follow=True)
    assert "Export again when one of them is ready." in refused.content.decode()
    assert Export.objects.count() == 3


def test_a_business_keeps_no_more_than_twenty(
    business: Business, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    oldest = ExportFactory.create(business=business, finished_at=timezone.now())
    files.storage().save(f"{oldest.folder}/part", ContentFile(b"row"))
    for _ in range(MAX_KEPT_EXPORTS - 1):
        ExportFactory.create(business=business, finished_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        request_export(MessageFilter((business.pk,)), "", owner, timezone.now())
    assert Export.objects.count() == MAX_KEPT_EXPORTS
    assert not files.storage().exists(oldest.folder)


def test_an_export_of_several_businesses_is_only_for_users_of_all_of_them(
    owner: User, helper: User, business: Business, other_business: Business, customer: Customer
) -> None:
    create_log_entry(customer)
    second = Membership.objects.create(user=owner, business=other_business, role="helper")
    logged_in(owner).post(EXPORT)
    write_parts.write_exports()
    export = Export.objects.get()
    address = f"{EXPORTS}{export.pk}/download/"

    def statuses(user: User) -> list[int]:
        client = logged_in(User.objects.get(pk=user.pk))
        response = client.get(address)
        b"".join(response)
        return [response.status_code, client.get(EXPORTS).content.decode().count(address)]

    assert statuses(owner) == [200, 1]
    assert statuses(helper) == [404, 0]
    second.delete()
    assert statuses(owner) == [404, 0]


def test_a_download_that_is_gone_says_so(office: Client, ready: Export) -> None:
    assert office.get(f"{EXPORTS}123456/download/").status_code == 404
    files.delete_files(ready.folder)
    response = office.get(f"{EXPORTS}{ready.pk}/download/")
    assert (response.status_code, "is missing" in response.content.decode()) == (410, True)


def test_a_second_download_in_a_web_process_waits_for_the_first(
    office: Client, ready: Export
) -> None:
    address = f"{EXPORTS}{ready.pk}/download/"
    first = office.get(address)
    refused = office.get(address)
    assert (refused.status_code, refused.headers["Refresh"]) == (503, "3")
    assert "Your download begins by itself." in refused.content.decode()
    assert list(first)
    assert b"".join(office.get(address)).count(b"\r\n") == 2


class TestFiles:
    def test_nobody_else_on_the_machine_may_read_them_and_nobody_can_guess_their_names(
        self, ready: Export
    ) -> None:
        (name,) = ready.parts
        modes = [
            Path(files.storage().path(path)).stat().st_mode & 0o777
            for path in ("", ready.folder, name)
        ]
        assert modes == [0o700, 0o700, 0o600]
        assert len(ready.folder) == 32

    def test_they_are_deleted_after_a_day(self, ready: Export, business: Business) -> None:
        files.delete_old(timezone.now() + timedelta(hours=23))
        assert files.storage().exists(ready.folder)
        never_written = ExportFactory.create(business=business)
        assert files.delete_old(timezone.now() + timedelta(hours=25)) == 2
        assert not files.storage().exists(ready.folder)
        assert not Export.objects.filter(pk__in=[ready.pk, never_written.pk]).exists()

    def test_files_of_a_deleted_business_are_deleted(self, ready: Export) -> None:
        Export.objects.all().delete()
        files.delete_old(timezone.now())
        assert not files.storage().exists(ready.folder)


class TestWorkers:
    @pytest.fixture
    def begun(self, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Export]:
        """An export of 3 rows, of which the first is stored."""
        monkeypatch.setattr(write_parts, "EXPORT_CHUNK_SIZE", 1)
        monkeypatch.setattr(write_parts, "PART_SECONDS", 0.0)
        for _ in range(3):
            create_log_entry(customer)
        export = ExportFactory.create(business=customer.business)
        claimed = write_parts._claim()
        assert claimed
        assert write_parts._write_part(claimed)
        yield export
        monkeypatch.undo()

    def test_another_worker_goes_on_where_a_killed_one_stopped(
        self, begun: Export, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killed = write_parts._claim()
        assert killed
        monkeypatch.undo()
        assert write_parts.write_exports() == 0
        Export.objects.update(
            lease_until=timezone.now(), attempted_at=timezone.now() - write_parts.EXPORT_LEASE
        )
        assert write_parts.write_exports() == 1
        begun.refresh_from_db()
        content = b"".join(Download(begun))
        assert (begun.rows, begun.bytes, content.count(b"\r\n")) == (3, len(content), 4)

    def test_a_worker_that_lost_its_lease_adds_nothing(self, begun: Export) -> None:
        frozen = write_parts._claim()
        assert frozen
        Export.objects.update(lease_token=uuid4())
        assert not write_parts._write_part(frozen)
        begun.refresh_from_db()
        assert (len(begun.parts), begun.rows) == (1, 1)
        assert len(files.storage().listdir(begun.folder)[1]) == 1

    def test_exports_take_turns(self, begun: Export, other_business: Business) -> None:
        ExportFactory.create(business=other_business)
        claimed = write_parts._claim()
        assert claimed
        assert claimed.business == other_business

    def test_an_export_that_fails_again_and_again_is_given_up(
        self, begun: Export, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(write_parts, "EXPORT_LEASE", timedelta())
        files.delete_files(begun.folder)
        # a file where the folder should be
        files.storage().save(begun.folder, ContentFile(b""))
        assert write_parts.write_exports() == 0
        begun.refresh_from_db()
        assert begun.failed_at
        assert begun.attempts == write_parts.MAX_PART_ATTEMPTS
