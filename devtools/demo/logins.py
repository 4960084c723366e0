"""The demo's logins: support, who see every business, and the owner and a helper of one."""

from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils.crypto import salted_hmac

from customers.models import Business, Membership
from devtools.demo.businesses import BUSINESSES

ADMIN: Final = "admin"
MEMBERS: Final = {"owner": Membership.Role.OWNER, "helper": Membership.Role.HELPER}
"""The logins of the first demo business, with their roles."""
SALT: Final = "devtools.demo.logins"
DIGIT_GROUPS: Final = 3
"""Groups of four hexadecimal digits: 48 bits, enough for a server on this machine only."""


def create_logins() -> list[str]:
    """Create the missing logins. Returns a sentence on how to log in with each."""
    business = BUSINESSES[0].find()
    members = (
        [_create_member(name, role, business) for name, role in MEMBERS.items()] if business else []
    )
    return [*members, create_admin()]


def create_admin() -> str:
    """Create the demo's superuser if it is missing. Returns a sentence on how to log in."""
    if is_new := not get_user_model().objects.filter(username=ADMIN).exists():
        get_user_model().objects.create_superuser(ADMIN, f"{ADMIN}@example.com", password(ADMIN))
    return _login_sentence(ADMIN, "", is_new)


def _create_member(name: str, role: Membership.Role, business: Business) -> str:
    if is_new := not get_user_model().objects.filter(username=name).exists():
        user = get_user_model().objects.create_user(
            name, f"{name}@example.com", password(name), is_staff=True
        )
        Membership.objects.create(user=user, business=business, role=role)
    return _login_sentence(name, f" of {business.name}", is_new)


def _login_sentence(name: str, of: str, is_new: bool) -> str:
    # A check takes a quarter of a second.
    is_ours = is_new or get_user_model().objects.get(username=name).check_password(password(name))
    ending = password(name) if is_ours else "that was set for it."
    return f"Log in as {name}{of} with the password {ending}"


def password(name: str) -> str:
    """Return a login's password, derived from SECRET_KEY: each start has the same one."""
    digits = salted_hmac(SALT, name, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
    return "-".join(digits[4 * group : 4 * group + 4] for group in range(DIGIT_GROUPS))
