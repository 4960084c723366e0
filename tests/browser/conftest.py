"""A real browser on the real web server, workers and the Segment stand-in beside it.

Every test that takes `page` runs at the width of a desktop and of a phone. It fails when a page
requests anything from another host, breaks its Content-Security-Policy, writes an error to the
console or gets a response of 5xx, whatever the test itself looks at.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from devtools.chromium import FLAGS, SIZES, find_chromium
from tests.admin.conftest import helper, logged_in, other_business, other_owner, owner, support
from tests.browser.browser import NO_BROWSER, Watch, chromium_path
from tests.events.conftest import business, customer, integration
from tests.segment import SegmentStandIn
from tests.web import Web

__all__ = [
    "business",
    "customer",
    "helper",
    "integration",
    "other_business",
    "other_owner",
    "owner",
    "support",
]

PASSWORD = "correct-horse-battery"
# As the web server makes it. It would replace a quicker one at the login, and the user that a test
# has would be an old one.
FULL_HASH = PBKDF2PasswordHasher().encode(PASSWORD, "only-for-tests")
FAILURES = Path(__file__).resolve().parents[2] / ".dev" / "browser-failures"
MILLISECONDS = 10_000
CONTEXTS = pytest.StashKey[list[BrowserContext]]()
"""The browser profiles that a test opened."""

expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django sees Playwright's event loop in this thread and refuses to query. None of our code
        # runs in that loop.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(chromium: Browser, django_db_setup: None, stand_in: SegmentStandIn) -> Iterator[Web]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
        web = Web({"SEGMENT_HOST": stand_in.url})
    yield web
    web.kill()


@pytest.fixture
def web(server: Web, transactional_db: None, segment: SegmentStandIn) -> Web:
    """The web server on this test's rows, with an empty Segment stand-in."""
    server.replace_child()
    return server


@pytest.fixture(params=SIZES)
def width(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def watch(web: Web) -> Watch:
    return Watch(web.url)


@pytest.fixture
def open_browser(
    chromium: Browser, web: Web, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Open a new browser profile, as in `open_browser("phone", color_scheme="dark")`.

    The test fails if any of its pages has troubles.
    """
    contexts = request.node.stash[CONTEXTS] = []

    def start(width: str, **preferences: str) -> BrowserContext:
        across, down = SIZES[width]
        phone = width == "phone"
        context = chromium.new_context(
            base_url=web.url,
            viewport={"width": across, "height": down},
            is_mobile=phone,
            has_touch=phone,
            **preferences,  # type: ignore[arg-type]
        )
        context.set_default_timeout(MILLISECONDS)
        watch.over(context)
        contexts.append(context)
        return context

    yield start
    for context in contexts:
        context.close()
    assert watch.troubles == []


@pytest.fixture
def page(open_browser: Callable[..., BrowserContext], width: str) -> Page:
    return open_browser(width).new_page()


@dataclass
class Visitor:
    """A user at the browser."""

    page: Page

    def log_in(self, user: User) -> None:
        """Log in on the login page."""
        user.password = FULL_HASH
        user.save()
        self.page.goto("/")
        self.page.get_by_label("Username").fill(user.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_label("Password")).to_have_count(0)

    def open_menu(self) -> None:
        """Open the menu, which is always open on a desktop."""
        opens = self.page.get_by_role("button", name="Menu", exact=True)
        if opens.get_attribute("aria-expanded") == "false":
            opens.click()

    def go_to(self, name: str) -> None:
        """Follow a link of the menu."""
        self.open_menu()
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    def is_logged_in(self, user: User) -> None:
        """Set the session cookie of a user who logged in before."""
        session = logged_in(user).cookies["sessionid"].value
        self.page.context.add_cookies(
            [{"name": "sessionid", "value": session, "domain": "127.0.0.1", "path": "/"}]
        )


@pytest.fixture
def visitor(page: Page) -> Visitor:
    return Visitor(page)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the pages of a failed test. Report tests without a browser in one sentence."""
    report = yield
    if report.when == "call" and report.failed:
        pages = [page for context in item.stash.get(CONTEXTS, []) for page in context.pages]
        for number, page in enumerate(pages, 1):
            saved = _save_page(page, f"{item.name}-{number}")
            report.sections.append(("The page as it was", saved))
    if report.skipped and find_chromium() is None:
        report.longrepr = (__file__, 1, f"Skipped: {NO_BROWSER}")
    return report


def _save_page(page: Page, name: str) -> str:
    FAILURES.mkdir(parents=True, exist_ok=True)
    path = FAILURES / f"{name.replace('/', '-')}.png"
    try:
        page.screenshot(path=path, full_page=True)
        text = page.locator("body").inner_text()
    except Error as error:
        return f"{page.url} does not respond: {error}"
    path.with_suffix(".txt").write_text(f"{page.url}\n\n{text}\n")
    return f"{path}\n{page.url}\n{text[:2000]}"
