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
"""Characters that no token contains."""


class LinkClaim(NamedTuple):
    """The customer whose account a link opens, while `link_version` equals the customer's own."""

    uuid: UUID
    link_version: int


def account_link(uuid: UUID, link_version: int) -> str:
    """Return the link, always the same for the same customer and version.

    The link is a trait: if it changed by itself, every identify would differ from the last one.
    """
    token = _signer().sign(f"{uuid.hex}{TOKEN_SEPARATOR}{link_version}")
    return f"{settings.PUBLIC_URL}/account/{token}"


def read_link(token: str) -> LinkClaim | None:
    """Return the claim of the token at the end of a link, or None unless we signed it.

    The caller must compare `link_version` with the customer's own.
    """
    try:
        uuid, _, link_version = _signer().unsign(clean_token(token)).partition(TOKEN_SEPARATOR)
    except BadSignature:
        return None
    return LinkClaim(UUID(uuid), int(link_version))


def clean_token(token: str) -> str:
    """Remove what mail programs add to a link: line breaks, double escapes, final punctuation."""
    return NOT_IN_TOKEN.sub("", unquote(token)).strip(TOKEN_SEPARATOR)


def _signer() -> Signer:
    return Signer(salt=ACCOUNT_LINK_SALT, sep=TOKEN_SEPARATOR)
