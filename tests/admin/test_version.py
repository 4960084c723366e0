"""The version: one constant, the same in pyproject.toml, and in the footer of the admin."""

import tomllib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from smrt_integration import __version__
from tests.admin.conftest import logged_in

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def test_pyproject_has_the_same_version() -> None:
    assert tomllib.loads(PYPROJECT.read_text())["project"]["version"] == __version__


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    ["index", "events_sendlog_changelist", "customers_customer_changelist", "password_change"],
)
def test_the_footer_of_the_admin_shows_it(owner: User, page: str) -> None:
    response = logged_in(owner).get(reverse(f"admin:{page}"))
    assert f"SMRT Segment integration {__version__}</footer>" in response.content.decode()
