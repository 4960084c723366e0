"""`make screenshots`: the pictures of docs/owners-admin.md, of the demo as its owner sees it.

Needs the servers that `make` starts, and Chromium.
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from signal import SIGTERM
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from devtools.chromium import FLAGS, SIZES, find_chromium
from devtools.services.ports import free_port
from devtools.services.process import ending_with_parent

PROJECT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = PROJECT / "docs" / "screenshots"
MAX_BYTES: Final = 300_000
"""Bytes of a picture, so that the page loads quickly on a slow line."""
START_SECONDS: Final = 30
ACTIONS: Final = 120
SEED: Final = 7
"""The same decisions in every run. Times on the pages differ from run to run."""


def main() -> int:
    path = find_chromium()
    if path is None:
        print(
            "Chromium is not installed. Install it, or set CHROMIUM to the path of a browser.",
            file=sys.stderr,
        )
        return 1
    web, segment = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    os.environ.update(
        {"DEBUG": "1", "LOG_LEVEL": "ERROR", "PUBLIC_URL": web, "SEGMENT_HOST": segment}
    )
    with ExitStack() as stack:
        stand_in = ("devtools.segment_stub", "--port", segment.rpartition(":")[2])
        stack.enter_context(_program(stand_in, f"{segment}/messages"))
        _create_demo()
        bind = web.removeprefix("http://")
        stack.enter_context(
            _program(
                (
                    "gunicorn",
                    "smrt_integration.wsgi",
                    "--bind",
                    bind,
                    "--workers",
                    "1",
                    "--threads",
                    "8",
                ),
                web,
            )
        )
        password, customer = _simulate(web)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        _take_pictures(browser, web, password, customer)
    return 0


@contextmanager
def _program(arguments: Sequence[str], address: str) -> Iterator[None]:
    command = ending_with_parent((sys.executable, "-m", *arguments), SIGTERM)
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(address)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            opener.open(address, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _create_demo() -> None:
    """Create the tables and the demo's records."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed_demo", stdout=StringIO())


def _simulate(web: str) -> tuple[str, int]:
    """Simulate a busy hour. Returns the owner's password, and the customer with most messages."""
    from django.db import connection
    from django.db.models import Count

    from customers.models import Customer
    from devtools.demo import logins, simulation
    from devtools.demo.businesses import BUSINESSES
    from devtools.demo.remote_business import DemoServers
    from events.models import SendLog
    from smrt_integration.delivery.deliver import Delivery

    # without a stand-in for Twilio: no picture shows texts
    simulation.run(DemoServers(web, "", lambda _line: None), seed=SEED, pace=1_000, actions=ACTIONS)
    Delivery().run()
    # names in ASCII, for which every machine has a font
    named = Customer.objects.filter(
        business=BUSINESSES[0].find(), first_name__regex="^[ -~]+$", last_name__regex="^[ -~]+$"
    )
    counts = (
        SendLog.objects.filter(customer_id__in=named.values("pk"))
        .values("customer_id")
        .annotate(messages=Count("id"))
    )
    customer = counts.order_by("-messages", "customer_id").values_list("customer_id", flat=True)[0]
    connection.close()
    return logins.password("owner"), customer


def _take_pictures(browser: Browser, web: str, password: str, customer: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for size, names in {
        "desktop": ("home", "integration", "send_log", "timeline"),
        "phone": ("home", "integration"),
    }.items():
        page = _logged_in(browser, web, password, size)
        for name in names:
            _go_to(page, name, customer)
            path = FOLDER / (f"{name}.png" if size == "desktop" else f"{name}_phone.png")
            page.screenshot(path=path, animations="disabled", caret="hide")
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(f"{path} has more than {MAX_BYTES:,} bytes.")
            print(f"{path.relative_to(PROJECT)}  {path.stat().st_size:,} bytes")


def _logged_in(browser: Browser, web: str, password: str, size: str) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=web,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        color_scheme="light",
        locale="en-US",
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Username").fill("owner")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("main").wait_for()
    return page


def _go_to(page: Page, name: str, customer: int) -> None:
    if name == "timeline":
        page.goto(f"/admin/customers/customer/{customer}/timeline/")
    else:
        page.goto(
            {
                "home": "/admin/",
                "integration": "/admin/events/integration/",
                "send_log": "/admin/events/sendlog/",
            }[name]
        )
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    sys.exit(main())
