"""The demo's way into the admin."""

from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils.crypto import salted_hmac

NAME: Final = "admin"
SALT: Final = "smrt_integration.dev.demo.login"
GROUPS: Final = 3
"""Of four hexadecimal digits each: 48 bits, behind an address that only this machine reaches."""


def make_admin() -> str:
    """Make the demo's superuser if there is none of that name, and say how to log in."""
    users = get_user_model().objects
    user = users.filter(username=NAME).first()
    if user is None:
        users.create_superuser(NAME, f"{NAME}@example.com", password())
    elif not user.check_password(password()):
        return f"Log in as {NAME} with the password that was given to it."
    return f"Log in as {NAME} with the password {password()}"


def password() -> str:
    """Of this installation: it follows from SECRET_KEY, so it is kept nowhere and the same at every start."""
    digits = salted_hmac(SALT, NAME, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
    return "-".join(digits[4 * group : 4 * group + 4] for group in range(GROUPS))
