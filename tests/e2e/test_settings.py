"""Every setting that is missing or malformed stops the start of any program with one sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from smrt_integration import environment
from smrt_integration import settings as ours
from tests.workers import PROJECT

INSTALLED = {
    "DEBUG": "0",
    "DATABASE_URL": "postgres://smrt:quiet-please@db.example.com:5432/smrt",
    "REDIS_URL": "redis://:quiet-please@redis.example.com:6379/0",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "smrt.example.com",
    "PUBLIC_URL": "https://smrt.example.com",
}
"""As an installation sets them. The servers do not exist: nothing may be asked of them before the settings are right."""

OPTIONAL = [
    "CELERY_BROKER_URL",
    "SEGMENT_HOST",
    "SEGMENT_TIMEOUT",
    "LOG_LEVEL",
    "SECRET_KEY_FALLBACKS",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
]
TEXTS = ["TEXTS_BACKEND", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_HOST"]
KNOWN = [*INSTALLED, *OPTIONAL, *TEXTS]

PROGRAMS = {
    "check": [sys.executable, "manage.py", "check"],
    "worker": [sys.executable, "-m", "celery", "-A", "smrt_integration", "worker"],
}

MISSING = ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS", "PUBLIC_URL"]

MALFORMED = [
    ("DEBUG", "perhaps", "must be 1 or 0."),
    (
        "DATABASE_URL",
        "mysql://smrt@db.example.com/smrt",
        "must be an address that starts with postgres:// or postgresql://.",
    ),
    (
        "DATABASE_URL",
        "postgres://smrt@db.example.com",
        "must name a database, as in postgres://user@host:5432/database.",
    ),
    ("DATABASE_URL", "postgres://smrt@db.example.com:port/smrt", "is not a well-formed address."),
    (
        "REDIS_URL",
        "redis.example.com:6379",
        "must be an address that starts with redis:// or rediss:// or unix://.",
    ),
    ("REDIS_URL", "redis://redis.example.com:99999/0", "is not a well-formed address."),
    ("CELERY_BROKER_URL", "kafka://broker.example.com", "must be an address that starts with "),
    ("PUBLIC_URL", "smrt.example.com", "must be an address that starts with http:// or https://."),
    ("PUBLIC_URL", "https:///account", "must be an address that starts with http:// or https://."),
    ("PUBLIC_URL", "https://[smrt.example.com", "is not a well-formed address."),
    (
        "PUBLIC_URL",
        "https://smrt.example.com/dry-cleaning",
        "must be an address without anything behind its host, as in ",
    ),
    (
        "PUBLIC_URL",
        "https://smrt.example.com/?",
        "must be an address without anything behind its host, as in ",
    ),
    (
        "PUBLIC_URL",
        "https://quiet-please@smrt.example.com",
        "must be an address without anything behind its host, as in ",
    ),
    (
        "SEGMENT_HOST",
        "ftp://proxy.example.com",
        "must be an address that starts with http:// or https://.",
    ),
    ("SEGMENT_TIMEOUT", "soon", "must be a whole number from 1 to 20."),
    ("SEGMENT_TIMEOUT", "21", "must be a whole number from 1 to 20."),
    ("FIELD_KEYS", "quiet-please", "must be Fernet keys "),
    ("FIELD_KEYS", ",", "must be Fernet keys "),
    (
        "FIELD_KEYS",
        ours.DEVELOPMENT_FIELD_KEY,
        "is the one for development, which everybody knows: make one of your own.",
    ),
    (
        "SECRET_KEY",
        ours.DEVELOPMENT_SECRET,
        "is the one for development, which everybody knows: make one of your own.",
    ),
    (
        "EMAIL_URL",
        "mail.example.com",
        "must be an address that starts with smtp:// or smtp+ssl:// or smtp+tls://.",
    ),
    (
        "EMAIL_URL",
        "smtp:///mail",
        "must be an address that starts with smtp:// or smtp+ssl:// or smtp+tls://.",
    ),
    (
        "DEFAULT_FROM_EMAIL",
        "smrt",
        "must be an email address, or a name with one, as in SMRT <smrt@example.com>.",
    ),
    ("TEXTS_BACKEND", "pigeon", "must be one of CONSOLE, TWILIO."),
    ("TWILIO_HOST", "api.twilio.com", "must be an address that starts with http:// or https://."),
    ("LOG_LEVEL", "LOUD", "must be one of DEBUG, ERROR, INFO, WARNING."),
]


def start(program: str, **environment: str | None) -> subprocess.Popen[str]:
    """With the settings of an installation but for these; None takes one out."""
    wanted = {name: value for name, value in (INSTALLED | environment).items() if value is not None}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in KNOWN and not name.endswith("_FILE")
    }
    return subprocess.Popen(
        PROGRAMS[program],
        cwd=PROJECT,
        env=kept | wanted,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def refuses_to_start(sentence: str, **environment: str | None) -> None:
    """Both programs, with this sentence and nothing else. They are started at once, to be done sooner."""
    started = [start(program, **environment) for program in PROGRAMS]
    for process in started:
        printed, complaint = process.communicate(timeout=60)
        assert (process.returncode, printed) == (1, "")
        assert complaint.startswith(sentence)
        assert complaint.count("\n") == 1
        assert "quiet-please" not in complaint


def starts(**environment: str | None) -> None:
    process = start("check", **environment)
    printed, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, ""), complaint
    assert printed == "System check identified no issues (0 silenced).\n"


def test_the_settings_of_an_installation_are_enough() -> None:
    starts()


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_setting_is_named(name: str) -> None:
    refuses_to_start(f"{name} is missing: ", **{name: None})


@pytest.mark.parametrize(("name", "value", "problem"), MALFORMED)
def test_a_malformed_setting_is_named_with_what_is_wrong_and_its_value_kept_quiet(
    name: str, value: str, problem: str
) -> None:
    refuses_to_start(f"{name} {problem}", **{name: value})


@pytest.mark.parametrize("written", ["HTTPS://Smrt.Example.com", "https://smrt.example.com/"])
def test_however_the_public_address_is_written_it_is_one(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cookies go by its beginning, Twilio signs it, and browsers name it as the origin of a form."""
    monkeypatch.setenv("PUBLIC_URL", written)
    assert environment.origin("PUBLIC_URL") == "https://smrt.example.com"


def test_who_texts_by_twilio_needs_an_account_there() -> None:
    refuses_to_start(
        "TWILIO_ACCOUNT_SID is missing: set it, as TEXTS_BACKEND is twilio.", TEXTS_BACKEND="twilio"
    )
    refuses_to_start(
        "TWILIO_AUTH_TOKEN is missing: ", TEXTS_BACKEND="twilio", TWILIO_ACCOUNT_SID="AC1"
    )
    starts(TEXTS_BACKEND="twilio", TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="quiet-please")


def test_an_empty_setting_is_a_missing_one() -> None:
    refuses_to_start("PUBLIC_URL is missing: ", PUBLIC_URL="  ")


def test_every_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    files: dict[str, str | None] = {}
    for name, value in INSTALLED.items():
        (tmp_path / name).write_text(value + "\n")
        files |= {name: None, f"{name}_FILE": str(tmp_path / name)}

    starts(**files)


def test_a_malformed_value_in_a_file_is_named_as_the_setting_and_a_missing_file_as_such(
    tmp_path: Path,
) -> None:
    (tmp_path / "address").write_text("nonsense")

    refuses_to_start(
        "PUBLIC_URL must be an address ", PUBLIC_URL=None, PUBLIC_URL_FILE=str(tmp_path / "address")
    )
    refuses_to_start(
        "PUBLIC_URL_FILE names a file that cannot be read.",
        PUBLIC_URL=None,
        PUBLIC_URL_FILE=str(tmp_path / "none"),
    )


def test_the_servers_of_development_are_refused_while_debug_is_off() -> None:
    command = [sys.executable, "-m", "devtools.services", "exec", "--", "true"]
    kept = {name: value for name, value in os.environ.items() if name not in KNOWN}

    ended = subprocess.run(
        command,
        cwd=PROJECT,
        env=kept | {"DEBUG": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("DATABASE_URL and REDIS_URL must be set while DEBUG is off")
