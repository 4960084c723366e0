"""Links that open a customer's online account without a password."""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

SALT = "customers.account_link"
SEPARATOR = "."
NO_PART: Final = re.compile(r"[^\w.-]", re.ASCII)
"""What no token has in it."""


class LinkClaim(NamedTuple):
    """Whose account a link opens, as long as the customer's `link_version` is still the same."""

    uuid: UUID
    link_version: int


def account_link(uuid: UUID, link_version: int) -> str:
    """Always the same for the same customer and version: a link that changed by itself would make every identify a new one."""
    return f"{settings.PUBLIC_URL}/account/{_signer().sign(f'{uuid.hex}{SEPARATOR}{link_version}')}"


def read_link(token: str) -> LinkClaim | None:
    """What the token at the end of a link says; None unless we made it. Compare `link_version` with the customer's own."""
    try:
        uuid, _, link_version = _signer().unsign(as_made(token)).partition(SEPARATOR)
    except BadSignature:
        return None
    return LinkClaim(UUID(uuid), int(link_version))


def as_made(token: str) -> str:
    """Mail programs wrap links, escape them twice, and take the end of a sentence or a bracket for a part of them."""
    return NO_PART.sub("", unquote(token)).strip(SEPARATOR)


def _signer() -> Signer:
    return Signer(salt=SALT, sep=SEPARATOR)
