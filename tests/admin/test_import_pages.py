"""The pages of imports: choose a file, assign its columns, and see what becomes of each line."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.utils import timezone

from customers.models import Business
from smrt_integration.admin.imports import upload
from smrt_integration.api.uploads import UPLOAD_PATHS
from smrt_integration.imports.create_import import create_import
from smrt_integration.imports.models import CustomerImport, ImportLine, import_storage
from smrt_integration.imports.results import LINES_SHOWN
from tests.admin.conftest import logged_in
from tests.factories import CustomerFactory, CustomerImportFactory, ImportLineFactory

pytestmark = pytest.mark.django_db
IMPORTS = "/admin/smrt_integration/customerimport/"
ADD = f"{IMPORTS}add/"
CSV = b"Customer No.;First Name;Notes\n7;Zo\xc3\xab;\n8;Bob;likes <b>starch</b>\n"
State = CustomerImport.State


@pytest.fixture
def office(owner: User) -> Client:
    return logged_in(owner)


def address(kept: CustomerImport) -> str:
    return f"{IMPORTS}{kept.pk}/change/"


def choose(office: Client, business: Business, content: bytes = CSV, name: str = "a.csv") -> Any:
    form = {"business": business.pk, "file": SimpleUploadedFile(name, content), "whole": "yes"}
    return office.post(ADD, form)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def kept_files() -> int:
    storage = import_storage()
    return len(storage.listdir("")[1]) if storage.exists("") else 0


def test_a_chosen_file_is_shown_with_its_columns_and_then_checked(
    office: Client, business: Business
) -> None:
    chosen = choose(office, business)
    kept = CustomerImport.objects.get()
    assert chosen.headers["Location"] == address(kept)
    assert (kept.business, kept.state, kept.is_dry_run) == (business, State.COLUMNS, True)

    shown = text(office.get(address(kept)))
    assert '<option value="external_id" selected>' in shown
    assert "Zoë" in shown
    assert "likes &lt;b&gt;starch&lt;/b&gt;" in shown

    wrong = {"do": "check", "column-0": "first_name", "column-1": "first_name", "day_order": "dmy"}
    refused = office.post(address(kept), wrong)
    assert "are both assigned to First name" in text(refused)
    assert text(refused).count('<option value="first_name" selected>') == 2
    kept.refresh_from_db()
    assert kept.state == State.COLUMNS

    right = wrong | {"column-0": "external_id"}
    assert office.post(address(kept), right).headers["Location"] == address(kept)
    kept.refresh_from_db()
    assert (kept.state, kept.day_order, [*kept.columns.values()]) == (
        State.WAITING,
        "dmy",
        ["external_id", "first_name", ""],
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "This file is empty."), (b"PK\x03\x04", "This is an Excel file"), (b"a,a\n", "twice")],
)
def test_a_file_that_cannot_be_imported_is_refused_on_the_page(
    office: Client, business: Business, content: bytes, sentence: str
) -> None:
    before = kept_files()
    assert sentence in text(choose(office, business, content))
    assert (kept_files(), CustomerImport.objects.count()) == (before, 0)


def test_a_request_that_was_cut_off_is_refused(office: Client, business: Business) -> None:
    form = {"business": business.pk, "file": SimpleUploadedFile("a.csv", CSV)}
    assert upload.NOT_WHOLE in text(office.post(ADD, form))
    assert not CustomerImport.objects.exists()


def test_a_file_goes_to_the_disk_and_not_into_memory(
    office: Client, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = []

    def noting(business: Business, file: Any, *args: Any, **options: Any) -> CustomerImport:
        kinds.append(type(file))
        return create_import(business, file, *args, **options)

    monkeypatch.setattr("smrt_integration.admin.imports.page.create_import", noting)
    # More than other forms may have.
    assert choose(office, business, CSV + b"9;Eve;\n" * 200_000).status_code == 302
    choose(office, business, b'{"external_id": 7}\n', "a.JSONL")
    assert ADD in UPLOAD_PATHS

    assert kinds == [TemporaryUploadedFile] * 2
    assert [kept.kind for kept in CustomerImport.objects.order_by("pk")] == ["csv", "ndjson"]


def test_who_may_not_import_uploads_nothing(
    helper: User, other_owner: User, business: Business, client: Client
) -> None:
    assert choose(logged_in(helper), business).status_code == 403
    assert "/login/" in choose(client, business).headers["Location"]
    assert "Select a valid choice" in text(choose(logged_in(other_owner), business))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(other_owner)
    assert choose(strict, business).status_code == 403
    assert not CustomerImport.objects.exists()


def test_a_helper_sees_an_import_and_changes_nothing(helper: User, business: Business) -> None:
    kept = CustomerImportFactory.create(business=business)
    shown = text(logged_in(helper).get(address(kept)))
    assert "id" in shown
    assert 'name="do"' not in shown
    assert logged_in(helper).post(address(kept), {"do": "cancel"}).status_code == 403
    kept.refresh_from_db()
    assert kept.state == State.COLUMNS


def test_the_page_says_how_far_it_is_and_has_the_next_buttons(
    office: Client, business: Business
) -> None:
    kept = CustomerImportFactory.create(business=business, is_dry_run=True)
    stages: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"state": State.WAITING}, "The check begins within seconds.", ["pause", "cancel"]),
        ({"lines": 1_200}, "1,200 lines are checked so far.", ["pause", "cancel"]),
        ({"state": State.PAUSED}, "Paused after 1,200 lines.", ["resume", "cancel"]),
        ({"state": State.FAILED, "failure": "Its file is gone."}, "Its file is gone.", ["resume"]),
        ({"state": State.CANCELED}, "Canceled after 1,200 lines.", []),
        ({"state": State.FINISHED}, "There is nothing to import.", []),
        ({"created": 7}, "We checked 1,200 lines. Nothing is imported yet.", ["import"]),
        ({"is_dry_run": False}, "The import is complete: 1,200 lines.", []),
    ]
    for values, sentence, buttons in stages:
        CustomerImport.objects.filter(pk=kept.pk).update(**values)
        shown = text(office.get(address(kept)))
        assert sentence in shown
        assert all(f'value="{button}"' in shown for button in buttons), (values, buttons)
        assert ('name="do"' in shown) == bool(buttons)
        assert ("progress.js" in shown) == (values.keys() <= {"lines"} or "begins" in sentence)


def test_buttons_pause_resume_cancel_and_import(office: Client, business: Business) -> None:
    kept = CustomerImportFactory.create(business=business, state=State.WAITING)
    for do, state in (("pause", "paused"), ("resume", "waiting"), ("cancel", "canceled")):
        office.post(address(kept), {"do": do})
        kept.refresh_from_db()
        assert kept.state == state
    assert "The import is not running." in text(
        office.post(address(kept), {"do": "pause"}, follow=True)
    )

    checked = CustomerImportFactory.create(
        business=business, is_dry_run=True, state=State.FINISHED, created=1
    )
    imported = office.post(address(checked), {"do": "import"}, follow=True)
    new = CustomerImport.objects.latest("pk")
    assert (new.is_dry_run, new.state, new.columns) == (False, State.WAITING, checked.columns)
    assert "The import begins within seconds." in text(imported)


def test_the_lines_are_listed_by_what_became_of_them(office: Client, business: Business) -> None:
    other = CustomerFactory.create(business=business, external_id="9", phone="+14155550123")
    kept = CustomerImportFactory.create(
        business=business, state=State.FINISHED, ended_at=timezone.now(), lines=60, refused=1
    )
    ImportLineFactory.create(customer_import=kept, number=2, raw="<i>,Ada")
    ImportLineFactory.create(
        customer_import=kept,
        number=3,
        outcome=ImportLine.Outcome.CREATED,
        external_id="9",
        reason="",
        raw="",
        duplicate_of="Same phone as Ann",
    )
    for number in range(4, LINES_SHOWN + 10):
        ImportLineFactory.create(
            customer_import=kept, number=number, outcome="unchanged", reason="", raw=""
        )

    first = text(office.get(address(kept)))
    assert "There is no external ID." in first
    assert "&lt;i&gt;,Ada" in first
    assert f'href="/admin/customers/customer/{other.pk}/change/"' in first
    assert "?q=%2B14155550123" in first
    assert f"?show=&amp;after={LINES_SHOWN + 1}" in first
    assert "There is no external ID." not in text(
        office.get(address(kept), {"after": str(LINES_SHOWN + 1)})
    )
    refused = text(office.get(address(kept), {"show": "refused"}))
    assert "There is no external ID." in refused
    assert "Same phone as Ann" not in refused
    assert "Same phone as Ann" in text(office.get(address(kept), {"show": "duplicates"}))
    for odd in ({"show": "moon"}, {"after": "x"}, {"after": "9" * 19}, {"after": "-1"}):
        assert office.get(address(kept), odd).status_code == 200

    download = office.get(f"{IMPORTS}{kept.pk}/refused/")
    content = b"".join(download.streaming_content).decode()  # type: ignore[attr-defined]
    assert content.endswith("2,There is no external ID.,<i>,Ada\r\n")


def test_another_business_s_import_is_not_found(other_owner: User, business: Business) -> None:
    kept = CustomerImportFactory.create(business=business)
    theirs = logged_in(other_owner)
    for response in (
        theirs.get(address(kept)),
        theirs.post(address(kept), {"do": "cancel"}),
        theirs.get(f"{IMPORTS}{kept.pk}/refused/"),
    ):
        assert response.status_code == 404
        assert kept.file_name not in text(response)
    assert kept.file_name not in text(theirs.get(IMPORTS))
    kept.refresh_from_db()
    assert kept.state == State.COLUMNS
