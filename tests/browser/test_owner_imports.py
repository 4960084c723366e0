"""The owner imports customers from a spreadsheet: chooses the file, checks it, and imports it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page, expect

from customers.models import Business, Customer
from events.models import Integration, Outgoing
from smrt_integration.imports.models import CustomerImport
from tests.browser.conftest import Visitor
from tests.factories import CustomerFactory
from tests.workers import Worker

FILE = """Customer No.;First name;Surname;Phone;Remarks
1;Zoë;Ames;(415) 555-0123;Starch
2;Bob;Brown;(415) 555-0177;
;Nobody;Nowhere;;
"""


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_owner_imports_a_file(
    open_browser: Callable[..., BrowserContext],
    start_worker: Callable[..., Worker],
    owner: User,
    business: Business,
    integration: Integration,
    width: str,
    scripts: bool,
    tmp_path: Path,
) -> None:
    CustomerFactory.create(business=business, first_name="Eve", phone="+14155550177")
    start_worker()
    page: Page = open_browser(width, java_script_enabled=scripts).new_page()
    Visitor(page).is_logged_in(owner)
    page.goto("/admin/smrt_integration/customerimport/")
    page.get_by_role("link", name="Import customers").last.click()

    choose_and_check(page, tmp_path)
    expect(page.get_by_text("We checked 3 lines.")).to_be_visible(timeout=30_000)
    look_at_the_lines(page, tmp_path)

    page.get_by_role("button", name="Import these customers").click()
    expect(page.get_by_text("The import is complete: 3 lines.")).to_be_visible(timeout=30_000)
    zoe = Customer.objects.get(external_id="1")
    assert (zoe.first_name, zoe.phone, zoe.phone_note) == ("Zoë", "+14155550123", "Starch")
    assert Customer.objects.exclude(external_id="").count() == 2
    assert not Outgoing.objects.exists()
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_label("External ID")).to_have_value("1")

    page.goto("/admin/smrt_integration/customerimport/")
    expect(page.get_by_text("2 new, 0 changed, 1 refused")).to_have_count(2)
    assert CustomerImport.objects.count() == 2


def choose_and_check(page: Page, folder: Path) -> None:
    (folder / "Our customers.csv").write_text(FILE, encoding="cp1252")
    page.get_by_label("File").set_input_files(folder / "Our customers.csv")
    page.get_by_role("button", name="Upload the file").click()
    expect(page.get_by_label("Customer No.")).to_have_value("external_id")
    expect(page.get_by_label("Surname")).to_have_value("last_name")
    expect(page.get_by_role("row").filter(has_text="Remarks")).to_contain_text("Starch")
    expect(page.get_by_label("Remarks")).to_have_value("")
    page.get_by_label("Remarks").select_option("phone_note")
    page.get_by_role("button", name="Check the file").click()


def look_at_the_lines(page: Page, folder: Path) -> None:
    assert not Customer.objects.exclude(external_id="").exists()
    page.get_by_role("link", name="Refused (1)").click()
    # The page before has the link, too: its download would end with that page.
    expect(page.get_by_text("The external ID is missing.")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download the refused lines").click()
    started.value.save_as(folder / "refused.csv")
    assert ",Nobody,Nowhere,," in (folder / "refused.csv").read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="Probable duplicates (1)").click()
    expect(page.get_by_text("Same phone as Eve")).to_be_visible()
    expect(page.get_by_role("link", name="Show them")).to_be_visible()
