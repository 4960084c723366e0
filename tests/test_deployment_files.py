"""docker-compose.yml passes every setting on, and .env.example has each with a comment.

A new setting that is missing in one of them fails here, and one that is missing in the table of
settings fails in tests/test_documentation.py.
"""

import json
import re
from itertools import pairwise
from typing import Any, Final

import psycopg
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from psycopg.sql import SQL, Identifier, Literal

from smrt_integration import environment
from smrt_integration.api.error_codes import ERROR_CODES
from smrt_integration.api.parsers import MAX_BODY_BYTES
from smrt_integration.api.uploads import UPLOAD_PATHS
from tests.nginx import NGINX_CONF
from tests.test_documentation import (
    PROJECT,
    SETTINGS_DOCUMENT,
    quoted,
    settings_in_code,
    table,
)
from tests.workers import current_database_url

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
EXAMPLE: Final = (PROJECT / ".env.example").read_text()
# docker-compose.yml gives the same password to PostgreSQL, whose image calls it so.
OF_COMPOSE_ALONE: Final = "POSTGRES_PASSWORD"
VARIABLE: Final = re.compile(r"\$\{(\w+)(:\?[^}]+)?\}")
# A setting in .env.example: commented out if it is not needed.
EXAMPLE_LINE: Final = re.compile(r"^(# )?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)

OURS: Final = {
    name: service
    for name, service in COMPOSE["services"].items()
    if service.get("image") == "smrt-integration"
}


def needed() -> set[str]:
    return {
        quoted(name)[0]
        for name, is_needed, _ in table(SETTINGS_DOCUMENT, "Settings")
        if is_needed == "yes"
    }


def test_every_program_of_docker_compose_gets_every_setting() -> None:
    assert {"migrate", "web", "worker", "beat"} <= OURS.keys()
    for name, service in OURS.items():
        assert set(service["environment"]) == settings_in_code(), name


def test_docker_compose_passes_each_setting_on_under_its_own_name() -> None:
    asked_for = {}
    for name, value in OURS["web"]["environment"].items():
        if value is None:
            # Passed on if it is set. An empty one would end gunicorn, which reads some by itself.
            assert name not in needed()
            asked_for[name] = name
        elif match := VARIABLE.fullmatch(value):
            assert match[2], f"{name}: docker compose does not say that it is missing"
            asked_for[name] = match[1]
        else:
            assert "$" not in value
    assert asked_for.pop("DATABASE_PASSWORD") == OF_COMPOSE_ALONE
    assert {name for name, variable in asked_for.items() if name != variable} == set()
    assert {name for name in needed() if name not in asked_for} == {"DATABASE_URL", "REDIS_URL"}
    assert OURS["web"]["environment"]["DEBUG"] == "0"


def test_the_example_has_every_setting_and_what_is_needed_is_not_commented_out() -> None:
    settings = {name: not comment for comment, name, _ in EXAMPLE_LINE.findall(EXAMPLE)}
    assert set(settings) == settings_in_code() | {OF_COMPOSE_ALONE}
    assert {name for name, is_active in settings.items() if is_active} == (
        needed() - {"DATABASE_URL", "REDIS_URL"}
    ) | {OF_COMPOSE_ALONE}


def test_every_setting_of_the_example_has_a_comment_before_it() -> None:
    for before, line in pairwise(EXAMPLE.splitlines()):
        if EXAMPLE_LINE.fullmatch(line):
            assert before.startswith("# "), line
            assert not EXAMPLE_LINE.fullmatch(before), line


def test_the_health_checks_of_docker_compose_ask_what_exists() -> None:
    asked = {
        name: service["healthcheck"]["test"] for name, service in OURS.items() if name != "migrate"
    }
    assert asked["worker"] == ["CMD", "python", "manage.py", "healthcheck", "worker"]
    assert asked["beat"] == ["CMD", "python", "manage.py", "healthcheck", "beat"]
    assert "http://127.0.0.1:8000/readyz" in asked["web"][-1]
    assert "healthcheck" in get_commands()


def test_the_proxy_s_errors_have_the_form_of_the_api() -> None:
    bodies = re.findall(r"return (\d+) '(\{.*\})';", NGINX_CONF.read_text())
    assert {int(status) for status, _ in bodies} == {413, 429, 503}
    for status, body in bodies:
        ((error,),) = json.loads(body).values()
        assert error.keys() == {"code", "field", "message"}
        assert ERROR_CODES[error["code"]].statuses == (int(status),)


def test_the_proxy_takes_what_the_web_server_takes() -> None:
    """A larger body would reach the web server, which closes the connection while nginx sends."""
    config = NGINX_CONF.read_text()
    limits = re.findall(r"client_max_body_size (\d+);", config)
    uploads = re.findall(r"location = (\S+) {\n\s*client_max_body_size 0;", config)
    assert {*uploads} == UPLOAD_PATHS
    assert [*map(int, limits)] == [
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        MAX_BODY_BYTES,
        *[0] * len(uploads),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("as_setting", [True, False])
def test_a_password_may_have_any_characters(
    monkeypatch: pytest.MonkeyPatch, as_setting: bool
) -> None:
    password = "p@ss/w#rd?:%41+&$'\"\\ ü"
    encoded = "p%40ss%2Fw%23rd%3F%3A%2541%2B%26%24%27%22%5C%20%C3%BC"
    server = psycopg.conninfo.conninfo_to_dict(current_database_url())
    place = f"{server['host']}:{server['port']}/{server['dbname']}"
    with psycopg.connect(current_database_url(), autocommit=True) as admin:
        admin.execute(
            SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier("awkward"), Literal(password))
        )
        try:
            user = "awkward" if as_setting else f"awkward:{encoded}"
            monkeypatch.setenv("DATABASE_URL", f"postgres://{user}@{place}")
            monkeypatch.setenv("DATABASE_PASSWORD", password if as_setting else "another one")
            config = environment.database(
                "DATABASE_URL", environment.string("DATABASE_PASSWORD", ""), ""
            )
            psycopg.connect(
                host=config["HOST"],
                port=config["PORT"],
                dbname=config["NAME"],
                user=config["USER"],
                password=config["PASSWORD"],
            ).close()
        finally:
            admin.execute("DROP ROLE awkward")
