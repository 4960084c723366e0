"""Links that open a customer's online account without a password."""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

ACCOUNT_LINK_SALT = "customers.account_link"
TOKEN_SEPARATOR = "."
NOT_IN_TOKEN: Final = re.compile(r"[^\w.-]", re.ASCII)
"""What no token has in it."""


class LinkClaim(NamedTuple):
    """Whose account a link opens, as long as the customer's `link_version` is still the same."""

    uuid: UUID
    link_version: int


def account_link(uuid: UUID, link_version: int) -> str:
    """Always the same for the same customer and version: a link that changed by itself would make every identify a new one."""
    return f"{settings.PUBLIC_URL}/account/{_signer().sign(f'{uuid.hex}{TOKEN_SEPARATOR}{link_version}')}"


def read_link(token: str) -> LinkClaim | None:
    """What the token at the end of a link says; None unless we made it. Compare `link_version` with the customer's own."""
    try:
        uuid, _, link_version = _signer().unsign(clean_token(token)).partition(TOKEN_SEPARATOR)
    except BadSignature:
        return None
    return LinkClaim(UUID(uuid), int(link_version))


def clean_token(token: str) -> str:
    """Mail programs wrap links, escape them twice, and take the end of a sentence or a bracket for a part of them."""
    return NOT_IN_TOKEN.sub("", unquote(token)).strip(TOKEN_SEPARATOR)


def _signer() -> Signer:
    return Signer(salt=ACCOUNT_LINK_SALT, sep=TOKEN_SEPARATOR)
