"""The owner exports the send log, watches how far the file is, and downloads it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page, expect

from customers.models import Customer
from events.models import Integration
from smrt_integration.exports.models import Export
from tests.browser.conftest import Visitor
from tests.events.log_entries import create_log_entry
from tests.workers import Worker


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_page_of_an_export_becomes_its_download(
    open_browser: Callable[..., BrowserContext],
    start_worker: Callable[..., Worker],
    owner: User,
    customer: Customer,
    integration: Integration,
    scripts: bool,
    tmp_path: Path,
) -> None:
    entry = create_log_entry(customer)
    page: Page = open_browser("phone", java_script_enabled=scripts).new_page()
    Visitor(page).is_logged_in(owner)
    page.goto("/admin/events/sendlog/")
    page.get_by_role("button", name="Export as CSV").click()
    expect(page.get_by_text("Your export begins within seconds.")).to_be_visible()
    start_worker()

    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click(timeout=30_000)

    started.value.save_as(tmp_path / "export.csv")
    assert entry.message_id in (tmp_path / "export.csv").read_text()
    expect(page.get_by_text("Your export is ready: 1 row.")).to_be_visible()
    page.get_by_text("arrow_back Exports").click()
    expect(page.get_by_role("row").filter(has_text=owner.username)).to_contain_text("Download")
    assert Export.objects.count() == 1
