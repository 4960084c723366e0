"""Reads settings from the environment; a missing or malformed one stops the start with one sentence that names it.

Every `NAME` may also be given as `NAME_FILE`, the path of a file that holds the value (container secrets).
"""

import os
import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}
# Databases and brokers may be reached through a file, or on this machine unless another is named.
NEED_A_HOST = {"http", "https", "smtp", "smtp+tls", "smtp+ssl"}
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


class SettingError(SystemExit):
    """Ends whatever program is starting (manage.py, celery, gunicorn) with its sentence and exit code 1, without a traceback."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"{name} {problem}")


def load_file(path: Path) -> None:
    """Take the `NAME=VALUE` lines of `path`, if it exists, for variables that are not set."""
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())


def text(name: str, default: str | None = None, remedy: str = "set it in the environment") -> str:
    value = os.environ.get(name, "").strip() or _from_file(name)
    if value:
        return value
    if default is None:
        raise SettingError(name, f"is missing: {remedy}.")
    return default


def secret(name: str, development: str, debug: bool) -> str:
    """What protects something. Everybody knows the one for `development`, so it is taken only with `debug`, and then it is the default."""
    value = text(name, development if debug else None)
    if development in value and not debug:
        raise SettingError(
            name, "is the one for development, which everybody knows: make one of your own."
        )
    return value


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value not in TRUE | FALSE:
        raise SettingError(name, "must be 1 or 0.")
    return value in TRUE


def number(name: str, default: int, low: int, high: int) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise SettingError(name, f"must be a whole number from {low} to {high}.")
    return int(value)


def choice(name: str, allowed: set[str], default: str) -> str:
    value = text(name, default).upper()
    if value not in allowed:
        raise SettingError(name, f"must be one of {', '.join(sorted(allowed))}.")
    return value


def words(name: str, default: str | None = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(
    name: str,
    schemes: set[str],
    default: str | None = None,
    remedy: str = "set it in the environment",
) -> str:
    value = text(name, default, remedy)
    if value:
        parts = _parsed(name, value, urlsplit)
        if parts.scheme not in schemes or not (
            parts.hostname or (parts.scheme not in NEED_A_HOST and parts.netloc + parts.path)
        ):
            raise SettingError(
                name,
                f"must be an address that starts with {' or '.join(f'{s}://' for s in sorted(schemes))}.",
            )
        _parsed(name, parts, lambda p: p.port)
    return value.rstrip("/")


def origin(name: str, default: str | None = None) -> str:
    """Scheme and host (with its port) alone: paths, cookies, Twilio's signatures and browsers' origins are compared with it."""
    parts = urlsplit(value := url(name, {"http", "https"}, default))
    if value.lower() != (found := f"{parts.scheme}://{parts.netloc.lower()}") or "@" in found:
        raise SettingError(
            name,
            "must be an address without anything behind its host, as in https://smrt.example.com.",
        )
    return found


def database(name: str, remedy: str) -> dict[str, Any]:
    value = url(name, {"postgres", "postgresql"}, None, remedy)
    config: dict[str, Any] = dict(_parsed(name, value, environ.Env.db_url_config))
    if not config.get("NAME"):
        raise SettingError(name, "must name a database, as in postgres://user@host:5432/database.")
    return config


def email(name: str) -> dict[str, Any]:
    """Django's email settings, for the mail server at this address. Without one, emails are printed by the program that sends them."""
    value = url(name, set(MAIL_PORTS), "")
    if not value:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    config: dict[str, Any] = dict(_parsed(name, value, environ.Env.email_url_config))
    config["EMAIL_PORT"] = config["EMAIL_PORT"] or MAIL_PORTS[urlsplit(value).scheme]
    return {key: setting for key, setting in config.items() if setting not in {None, ""}}


def sender(name: str, default: str) -> str:
    """An email address, or a name with one: SMRT <smrt@example.com>."""
    value = text(name, default)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", parseaddr(value)[1]):
        raise SettingError(
            name, "must be an email address, or a name with one, as in SMRT <smrt@example.com>."
        )
    return value


def field_keys(name: str, development: str, debug: bool) -> list[str]:
    """Fernet keys, newest first: the first encrypts, all decrypt. `development` as in `secret`."""
    problem = (
        "must be Fernet keys (44 letters, digits, - and _), newest first, separated by commas."
    )
    keys = [key.strip() for key in secret(name, development, debug).split(",") if key.strip()]
    if not keys:
        raise SettingError(name, problem)
    for key in keys:
        _parsed(name, key, Fernet, problem)
    return keys


def _parsed(
    name: str, value: Any, parse: Callable[[Any], T], problem: str = "is not a well-formed address."
) -> T:
    try:
        return parse(value)
    except Exception:  # noqa: BLE001 - every library has its own
        # the value may hold a password: neither it nor the parser's own message is shown
        raise SettingError(name, problem) from None


def _from_file(name: str) -> str:
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise SettingError(f"{name}_FILE", "names a file that cannot be read.") from None
