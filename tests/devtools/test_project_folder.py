"""The development tools are a package of their own, beside the product."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from devtools import screenshots
from devtools.run import system
from tests.segment import PROJECT

PRODUCT = ("customers", "events", "smrt_integration")
CHECK = """
import importlib.util, django
django.setup()
from django.core.management import call_command
call_command("check")
print("devtools:", importlib.util.find_spec("devtools"))
"""


def test_make_run_and_the_screenshots_start_programs_in_the_projects_folder() -> None:
    assert system.PROJECT == screenshots.PROJECT == PROJECT
    assert (PROJECT / "manage.py").is_file()


def test_an_installation_without_the_tools_starts(tmp_path: Path) -> None:
    for package in PRODUCT:
        shutil.copytree(PROJECT / package, tmp_path / package)
    environment = {
        "DEBUG": "0",
        "SECRET_KEY": "x" * 50,
        "FIELD_KEYS": "A" * 43 + "=",
        "ALLOWED_HOSTS": "smrt.example.com",
        "PUBLIC_URL": "https://smrt.example.com",
        "DJANGO_SETTINGS_MODULE": "smrt_integration.settings",
    }

    result = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "devtools: None"
