"""`make screenshots`: the README's pictures, of the demo as its owner sees it. Needs the servers that `make` starts, and Chromium."""

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
LARGEST: Final = 300_000
"""Bytes of a picture: what a reader of the README waits for on a slow line."""
START_SECONDS: Final = 30
ACTIONS: Final = 120
SEED: Final = 7
"""The same decisions in every run; times and what the pages say of them are those of the run."""


def main() -> int:
    path = find_chromium()
    if path is None:
        print(
            "No Chromium here: install it (apt-get install chromium) or name it with CHROMIUM.",
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
        _make()
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
        password, customer = _live(web)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        _pictures(browser, web, password, customer)
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


def _make() -> None:
    """The demo's records."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed_demo", stdout=StringIO())


def _live(web: str) -> tuple[str, int]:
    """Let a busy hour happen; the owner's password, and the customer with most to tell."""
    from django.db import connection
    from django.db.models import Count

    from customers.models import Customer
    from devtools.demo import logins, simulation
    from devtools.demo.businesses import BUSINESSES
    from devtools.demo.remote_business import DemoServers
    from events.models import SendLog
    from smrt_integration.delivery.deliver import Delivery

    # customers get no texts here: nobody looks at their phones
    simulation.run(DemoServers(web, "", lambda _said: None), seed=SEED, pace=1_000, actions=ACTIONS)
    Delivery().run()
    # a name that every machine has the letters for
    named = Customer.objects.filter(
        business=BUSINESSES[0].find(), first_name__regex="^[ -~]+$", last_name__regex="^[ -~]+$"
    )
    told = (
        SendLog.objects.filter(customer_id__in=named.values("pk"))
        .values("customer_id")
        .annotate(messages=Count("id"))
    )
    customer = told.order_by("-messages", "customer_id").values_list("customer_id", flat=True)[0]
    connection.close()
    return logins.password("owner"), customer


def _pictures(browser: Browser, web: str, password: str, customer: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for size, names in {
        "desktop": ("home", "integration", "send_log", "story"),
        "phone": ("home", "integration"),
    }.items():
        page = _logged_in(browser, web, password, size)
        for name in names:
            _go_to(page, name, customer)
            path = FOLDER / (f"{name}.png" if size == "desktop" else f"{name}_phone.png")
            page.screenshot(path=path, animations="disabled", caret="hide")
            if path.stat().st_size > LARGEST:
                raise ValueError(f"{path} has more than {LARGEST:,} bytes.")
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
    if name == "story":
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
