"""A customer's real browser, as wide as a phone or a desktop."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from devtools.chromium import FLAGS, SIZES
from tests.browser.browser import Watch, chromium_path

SCREENSHOTS = os.environ.get("ACCOUNT_SHOTS")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django sees Playwright's event loop in this thread and refuses to query.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def open_page(chromium: Browser, origin: str, size: str, *, scripts: bool) -> Iterator[Page]:
    """Open a page in a new browser context. Any error in it fails the test."""
    width, height = SIZES[size]
    context = chromium.new_context(
        base_url=origin,
        viewport={"width": width, "height": height},
        java_script_enabled=scripts,
        is_mobile=size == "phone",
    )
    watch = Watch(origin)
    watch.over(context)
    yield context.new_page()
    context.close()
    assert watch.troubles == []


@pytest.fixture(params=SIZES)
def page(chromium: Browser, live_server: Any, request: pytest.FixtureRequest) -> Iterator[Page]:
    with open_page(chromium, live_server.url, request.param, scripts=False) as page:
        yield page


@pytest.fixture(params=SIZES)
def scripted_page(
    chromium: Browser, live_server: Any, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page that allows scripts: ours have none, but axe is one."""
    with open_page(chromium, live_server.url, request.param, scripts=True) as page:
        yield page


def check_width(page: Page, name: str) -> None:
    """Check that nothing is wider than the screen.

    With ACCOUNT_SHOTS set, screenshots are kept in that folder.
    """
    size = page.viewport_size
    assert size
    # The page may have just been opened, and be empty.
    page.wait_for_load_state()
    assert page.locator("html").evaluate("html => html.scrollWidth") <= size["width"], name
    for scheme in ("light", "dark") if SCREENSHOTS else ():
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{SCREENSHOTS}/{name}-{size['width']}-{scheme}.png", full_page=True)
