"""Read settings from the environment. One that is missing or malformed stops the start.

The program then ends with one sentence that names the setting. Every `NAME` may also be given as
`NAME_FILE`, the path of a file that holds the value (container secrets); the file comes first.
"""

import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

T = TypeVar("T")

# Its mapping, and not `env.str`, which reads a value that starts with "$" as the name of another
# variable: generated secret keys may start with it.
ENVIRONMENT: Final = environ.FileAwareEnv.ENVIRON

TRUE: Final = {"1", "true", "yes", "on"}
FALSE: Final = {"", "0", "false", "no", "off"}
# Databases and brokers may be reached through a socket file, and are local without a host.
SCHEMES_WITH_HOST: Final = {"http", "https", "smtp", "smtp+tls", "smtp+ssl"}
MAIL_PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}

MIN_KEY_LENGTH: Final = 50
"""Characters, as in Django's own check of a secret key (security.W009)."""
HOST: Final = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
PUBLIC_SUFFIX: Final = re.compile(r"\.[^.]*\.?")
"""With a dot before it, every host below a top-level domain would be one of ours."""
THIS_MACHINE: Final = {"localhost", "127.0.0.1", "::1"}

SET_IT: Final = "set it in the environment"


class SettingError(SystemExit):
    """Ends the program that is starting, with a sentence and exit code 1, without a traceback."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"{name} {problem}")


def string(name: str, default: str | None = None, remedy: str = SET_IT) -> str:
    """Return the value without blanks around it. Without a `default`, an empty one is missing."""
    try:
        value: str = ENVIRONMENT.get(name, "").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingError(f"{name}_FILE", "names a file that cannot be read.") from None
    if value:
        return value
    if default is None:
        raise SettingError(name, f"is missing: {remedy}.")
    return default


def secret(name: str, development: str, debug: bool) -> str:
    """Return a value that protects something.

    `development` is the default with `debug`. Everybody knows it, so without it is refused.
    """
    value = string(name, development if debug else None)
    if development in value and not debug:
        raise SettingError(
            name, "is the one for development, which everybody knows: create one of your own."
        )
    return value


def signing_key(name: str, development: str, debug: bool) -> str:
    """Return a secret that nobody can guess. `development` as in `secret`."""
    value = secret(name, development, debug)
    if not debug:
        _refuse_weak_key(name, value)
    return value


def old_signing_keys(name: str, debug: bool) -> list[str]:
    """Return earlier signing keys. They still open sessions and links, so they count like one."""
    keys = comma_separated(name)
    for key in () if debug else keys:
        _refuse_weak_key(name, key)
    return keys


def _refuse_weak_key(name: str, value: str) -> None:
    """Refuse what is short or a placeholder. `check --deploy` also looks at the characters."""
    if len(value) < MIN_KEY_LENGTH or value.startswith("django-insecure-"):
        raise SettingError(
            name,
            f"can be guessed: use at least {MIN_KEY_LENGTH} random characters, such as those of "
            "`openssl rand -hex 32`.",
        )


def hosts(name: str, development: str, debug: bool) -> list[str]:
    """Return host names. One that begins with a dot stands for its sub-domains, too."""
    names = comma_separated(name, development if debug else None)
    if not names:
        raise SettingError(name, f"is missing: {SET_IT}.")
    for host in () if debug else names:
        if not HOST.fullmatch(host) or PUBLIC_SUFFIX.fullmatch(host):
            raise SettingError(
                name,
                "must be host names of this installation, separated by commas, as in "
                "smrt.example.com: no *, address or port.",
            )
    return names


def public_origin(name: str, development: str, debug: bool) -> str:
    """Return the origin of links. With http, it may be this machine only, for a trial."""
    value = origin(name, development if debug else None)
    parts = urlsplit(value)
    if not debug and parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        raise SettingError(
            name,
            "must start with https://: over http, others can read passwords, keys and links.",
        )
    return value


def flag(name: str, default: bool = False) -> bool:
    value = string(name, "1" if default else "0").lower()
    if value not in TRUE | FALSE:
        raise SettingError(name, "must be 1 or 0.")
    return value in TRUE


def number(name: str, default: int, low: int, high: int) -> int:
    value = string(name, str(default))
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise SettingError(name, f"must be a whole number from {low} to {high}.")
    return int(value)


def choice(name: str, allowed: set[str], default: str) -> str:
    """Return one of `allowed`, which are in capitals; the value may be in any case."""
    value = string(name, default).upper()
    if value not in allowed:
        raise SettingError(name, f"must be one of {', '.join(sorted(allowed))}.")
    return value


def comma_separated(name: str, default: str | None = "") -> list[str]:
    return [part.strip() for part in string(name, default).split(",") if part.strip()]


def url(name: str, schemes: set[str], default: str | None = None, remedy: str = SET_IT) -> str:
    """Return an address with one of `schemes`, without a slash at its end."""
    value = string(name, default, remedy)
    if value:
        parts = _parse(name, value, urlsplit)
        has_target = parts.hostname or (
            parts.scheme not in SCHEMES_WITH_HOST and parts.netloc + parts.path
        )
        if parts.scheme not in schemes or not has_target:
            beginnings = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
            raise SettingError(name, f"must be an address that starts with {beginnings}.")
        # reading the port checks it
        _parse(name, parts, lambda p: p.port)
    return value.rstrip("/")


def origin(name: str, default: str | None = None) -> str:
    """Return an address of scheme, host and port alone, in small letters.

    Paths, cookies, Twilio's signatures and the origins that browsers send are compared with it.
    """
    value = url(name, {"http", "https"}, default)
    parts = urlsplit(value)
    result = f"{parts.scheme}://{parts.netloc.lower()}"
    if value.lower() != result or "@" in result:
        raise SettingError(
            name,
            "must be an address without anything behind its host, as in https://smrt.example.com.",
        )
    return result


def folder(name: str, default: Path) -> Path:
    """Return an absolute path: programs that are started in different folders share it."""
    value = Path(string(name, str(default)))
    if not value.is_absolute():
        raise SettingError(name, "must be an absolute path, as in /var/lib/smrt/exports.")
    return value


def private_files(name: str, default: Path) -> dict[str, Any]:
    """Return a storage of files in this folder that only its own account may read."""
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": folder(name, default),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }


def database(name: str, password: str, remedy: str) -> dict[str, Any]:
    """Return Django's settings of the database at this address.

    `password` is used if the address has none. In an address, one with @, / or # is easily given
    wrong: part of it then counts as the host or the database.
    """
    value = url(name, {"postgres", "postgresql"}, None, remedy)
    config: dict[str, Any] = dict(_parse(name, value, environ.Env.db_url_config))
    if not config.get("NAME"):
        raise SettingError(name, "must name a database, as in postgres://user@host:5432/database.")
    if "@" in config["NAME"]:
        raise SettingError(
            name, "has a password that ends too early: give the password as DATABASE_PASSWORD."
        )
    config["PASSWORD"] = config.get("PASSWORD") or password
    return config


def email(name: str) -> dict[str, Any]:
    """Return Django's settings of the mail server at this address.

    Without an address, the program that sends an email prints it.
    """
    value = url(name, set(MAIL_PORTS), "")
    if not value:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    config: dict[str, Any] = dict(_parse(name, value, environ.Env.email_url_config))
    config["EMAIL_PORT"] = config["EMAIL_PORT"] or MAIL_PORTS[urlsplit(value).scheme]
    return {key: setting for key, setting in config.items() if setting not in {None, ""}}


def sender(name: str, default: str) -> str:
    """Return an email address, or a name with one: SMRT <smrt@example.com>."""
    value = string(name, default)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", parseaddr(value)[1]):
        raise SettingError(
            name, "must be an email address, or a name with one, as in SMRT <smrt@example.com>."
        )
    return value


def field_keys(name: str, development: str, debug: bool) -> list[str]:
    """Return Fernet keys, newest first: the first encrypts, all decrypt.

    `development` as in `secret`.
    """
    problem = (
        "must be Fernet keys (44 letters, digits, - and _), newest first, separated by commas."
    )
    keys = [key.strip() for key in secret(name, development, debug).split(",") if key.strip()]
    if not keys:
        raise SettingError(name, problem)
    for key in keys:
        _parse(name, key, Fernet, problem)
    return keys


def _parse(
    name: str, value: Any, parse: Callable[[Any], T], problem: str = "is not a well-formed address."
) -> T:
    try:
        return parse(value)
    except Exception:  # noqa: BLE001 - every library raises errors of its own
        # The value may hold a password, so neither it nor the parser's message is shown.
        raise SettingError(name, problem) from None
