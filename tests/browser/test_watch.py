"""What fails a browser test although the test itself looks elsewhere."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.browser import Watch

INSERT = """(html) => {
  document.body.append(document.createRange().createContextualFragment(html));
}"""


@pytest.fixture
def watched(open_browser: Callable[..., BrowserContext], watch: Watch) -> Page:
    page = open_browser("desktop").new_page()
    page.goto("/admin/login/")
    assert watch.troubles == []
    return page


INJECTIONS = {
    "<script>document.title = 'taken over'</script>": "script-src-elem",
    "<style>body { display: none }</style>": "style-src-elem",
    "<img src='data:,' onerror=\"document.title = 'taken over'\">": "script-src-attr",
    "<img src='http://127.0.0.1:9/pixel.png'>": "img-src",
    "<script src='http://127.0.0.1:9/script.js'></script>": "script-src-elem",
    "<iframe src='/admin/login/'></iframe>": "frame-src",
    "<base href='http://127.0.0.1:9/'>": "base-uri",
}


def test_injected_html_does_nothing_and_is_reported(watched: Page, watch: Watch) -> None:
    title = watched.title()
    for html, directive in INJECTIONS.items():
        with watched.expect_console_message(
            lambda message, start=directive: message.text.startswith(start)  # type: ignore[misc]
        ):
            watched.evaluate(INSERT, html)
        assert any(f": {directive} forbids" in trouble for trouble in watch.troubles)
        watch.troubles.clear()
    assert watched.title() == title


def test_a_form_cannot_be_sent_elsewhere(watched: Page, watch: Watch) -> None:
    with watched.expect_console_message(lambda message: message.text.startswith("form-action")):
        watched.evaluate(
            "document.forms[0].action = 'http://127.0.0.1:9/'; document.forms[0].submit()"
        )
    assert any(": form-action forbids" in trouble for trouble in watch.troubles)
    watch.troubles.clear()


def test_a_script_error_and_a_missing_file_are_reported(watched: Page, watch: Watch) -> None:
    with watched.context.expect_event("weberror"):
        watched.evaluate("setTimeout(() => { throw new Error('broken') })")
    with watched.expect_response("**/nowhere.png"):
        watched.evaluate("new Image().src = '/nowhere.png'")
    assert watch.troubles == [
        "An error of a script: broken",
        f"{watch.origin}/nowhere.png was answered 404",
    ]
    watch.troubles.clear()
