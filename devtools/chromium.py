"""The system's Chromium, for tests and for the documentation's pictures."""

import os
import shutil
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It visits only this machine, where its sandbox may not be allowed, and looks for no updates.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
SIZES: Final = {"desktop": (1280, 900), "phone": (390, 844)}


def find_chromium() -> str | None:
    """Return the path of a browser, or None. The variable CHROMIUM names another browser."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
