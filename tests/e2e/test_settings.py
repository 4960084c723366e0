"""A missing or malformed setting stops every program at its start, with one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from smrt_integration import environment
from smrt_integration import settings as ours
from tests.forked_programs import Ended, forks
from tests.workers import PROJECT

INSTALLATION = {
    "DEBUG": "0",
    "DATABASE_URL": "postgres://smrt:quiet-please@db.example.com:5432/smrt",
    "REDIS_URL": "redis://:quiet-please@redis.example.com:6379/0",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "smrt.example.com",
    "PUBLIC_URL": "https://smrt.example.com",
}
"""Settings of an installation. The servers do not exist, so no program may call them here."""

OPTIONAL = [
    "DATABASE_PASSWORD",
    "ERROR_EMAILS",
    "CELERY_BROKER_URL",
    "SEGMENT_HOST",
    "SEGMENT_TIMEOUT",
    "LOG_LEVEL",
    "SECRET_KEY_FALLBACKS",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
]
TEXT_SETTINGS = [
    "TEXTS_BACKEND",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_HOST",
    "TEXTS_PER_SECOND",
]
KNOWN = [*INSTALLATION, *OPTIONAL, *TEXT_SETTINGS]

PROGRAMS = {
    "check": ["manage.py", "check"],
    "worker": ["-m", "celery", "-A", "smrt_integration", "worker"],
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
    (
        "DATABASE_URL",
        "postgres://smrt:1/quiet-please@db.example.com/smrt",
        "has a password that ends too early: give the password as DATABASE_PASSWORD.",
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
        "is the one for development, which everybody knows: create one of your own.",
    ),
    (
        "SECRET_KEY",
        ours.DEVELOPMENT_SECRET,
        "is the one for development, which everybody knows: create one of your own.",
    ),
    ("SECRET_KEY", "a", "can be guessed: use at least 50 random characters, "),
    ("SECRET_KEY", "0123456789" * 4, "can be guessed: use at least 50 random characters, "),
    ("SECRET_KEY", "django-insecure-" + "0123456789abcdef" * 4, "can be guessed: "),
    ("SECRET_KEY_FALLBACKS", "0123456789abcdef" * 4 + ",a", "can be guessed: "),
    ("ALLOWED_HOSTS", "*", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", "smrt.example.com,*", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", "*.example.com", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", ".", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", ".com", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", "https://smrt.example.com", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", "smrt.example.com:443", "must be host names of this installation, "),
    ("ALLOWED_HOSTS", ",", "is missing: set it in the environment."),
    (
        "PUBLIC_URL",
        "http://smrt.example.com",
        "must start with https://: over http, others can read passwords, keys and links.",
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
    ("TEXTS_PER_SECOND", "0", "must be a whole number from 1 to 1000."),
    ("TEXTS_PER_SECOND", "0.5", "must be a whole number from 1 to 1000."),
    ("LOG_LEVEL", "LOUD", "must be one of DEBUG, ERROR, INFO, WARNING."),
]


def variables(**environment: str | None) -> dict[str, str]:
    settings = {
        name: value for name, value in (INSTALLATION | environment).items() if value is not None
    }
    other_variables = {
        name: value
        for name, value in os.environ.items()
        if name not in KNOWN and not name.endswith("_FILE")
    }
    return other_variables | settings


def start(program: str, **environment: str | None) -> subprocess.Popen[str]:
    """Start a program with the settings of an installation.

    `environment` replaces some of them; None removes a setting.
    """
    return subprocess.Popen(
        [sys.executable, *PROGRAMS[program]],
        cwd=PROJECT,
        env=variables(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def assert_refuses_to_start(sentence: str, **environment: str | None) -> None:
    """Start both programs at once. Each has to print this sentence, and nothing else."""
    processes = [start(program, **environment) for program in PROGRAMS]
    for process in processes:
        output, error = process.communicate(timeout=60)
        assert_is_refusal(Ended(process.returncode, output, error), sentence)


def assert_is_refusal(ended: Ended, sentence: str) -> None:
    assert (ended.code, ended.output) == (1, "")
    assert ended.error.startswith(sentence)
    assert ended.error.count("\n") == 1
    assert "quiet-please" not in ended.error


def assert_starts(**environment: str | None) -> None:
    process = start("check", **environment)
    output, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, ""), error
    assert output == "System check identified no issues (0 silenced).\n"


def test_the_settings_of_an_installation_are_enough() -> None:
    assert_starts()


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_setting_is_named(name: str) -> None:
    assert_refuses_to_start(f"{name} is missing: ", **{name: None})


@pytest.mark.parametrize(("name", "value", "problem"), MALFORMED)
def test_a_malformed_setting_is_named_with_the_reason_and_without_its_value(
    name: str, value: str, problem: str, tmp_path: Path
) -> None:
    for command in PROGRAMS.values():
        ended = forks().run(command, variables(**{name: value}), tmp_path)
        assert_is_refusal(ended, f"{name} {problem}")


def test_forked_programs_start_with_proper_settings(tmp_path: Path) -> None:
    ended = forks().run(PROGRAMS["check"], variables(), tmp_path)
    assert ended == (0, "System check identified no issues (0 silenced).\n", "")


@pytest.mark.parametrize("written", ["HTTPS://Smrt.Example.com", "https://smrt.example.com/"])
def test_the_public_address_is_normalised(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cookies, Twilio's signatures and the origin of forms depend on its exact form."""
    monkeypatch.setenv("PUBLIC_URL", written)
    assert environment.origin("PUBLIC_URL") == "https://smrt.example.com"


def test_a_folder_is_an_absolute_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative one would be another folder for a program that is started elsewhere."""
    monkeypatch.setenv("EXPORTS_FOLDER", "exports")
    with pytest.raises(environment.SettingError, match="EXPORTS_FOLDER must be an absolute path"):
        environment.folder("EXPORTS_FOLDER", PROJECT)


def test_texting_with_twilio_needs_the_settings_of_an_account() -> None:
    assert_refuses_to_start(
        "TWILIO_ACCOUNT_SID is missing: set it, as TEXTS_BACKEND is twilio.", TEXTS_BACKEND="twilio"
    )
    assert_refuses_to_start(
        "TWILIO_AUTH_TOKEN is missing: ", TEXTS_BACKEND="twilio", TWILIO_ACCOUNT_SID="AC1"
    )
    assert_starts(
        TEXTS_BACKEND="twilio", TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="quiet-please"
    )


def test_an_empty_setting_counts_as_missing() -> None:
    assert_refuses_to_start("PUBLIC_URL is missing: ", PUBLIC_URL="  ")


def test_every_setting_may_come_from_a_file(tmp_path: Path) -> None:
    files: dict[str, str | None] = {}
    for name, value in INSTALLATION.items():
        (tmp_path / name).write_text(value + "\n")
        files |= {name: None, f"{name}_FILE": str(tmp_path / name)}

    assert_starts(**files)


def test_errors_name_the_setting_of_a_malformed_file_and_a_missing_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "address").write_text("nonsense")

    assert_refuses_to_start(
        "PUBLIC_URL must be an address ", PUBLIC_URL=None, PUBLIC_URL_FILE=str(tmp_path / "address")
    )
    assert_refuses_to_start(
        "PUBLIC_URL_FILE names a file that cannot be read.",
        PUBLIC_URL=None,
        PUBLIC_URL_FILE=str(tmp_path / "none"),
    )


def test_the_first_key_can_be_created_without_any_settings() -> None:
    other_variables = {name: value for name, value in os.environ.items() if name not in KNOWN}

    key = subprocess.run(
        [sys.executable, "manage.py", "new_field_key"],
        cwd=PROJECT,
        env=other_variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert_starts(FIELD_KEYS=key)


def test_the_development_servers_do_not_start_with_debug_off() -> None:
    command = [sys.executable, "-m", "devtools.services", "exec", "--", "true"]
    other_variables = {name: value for name, value in os.environ.items() if name not in KNOWN}

    result = subprocess.run(
        command,
        cwd=PROJECT,
        env=other_variables | {"DEBUG": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("DATABASE_URL and REDIS_URL must be set while DEBUG is off")
