"""The demo's API keys: one of each client of each business, and one for whoever wants to try the API.

Like the passwords in `login`, they follow from SECRET_KEY. So they are the same at every start and kept nowhere: the records have only
their hashes, and the simulation works them out for itself instead of being told. New ones at each start would leave nine more revoked
keys on the owner's page every time, and would break what a developer is trying out with the last ones.
"""

import base64
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from customers.models import Business
from devtools.demo.businesses import BUSINESSES, DemoBusiness
from smrt_integration.api.models import ApiKey, secret_hash
from smrt_integration.api.scopes import Client

SALT: Final = "devtools.demo.api_keys"
KEY_NAMES: Final = {Client.POS: "Tills", Client.APP: "Drivers' phones", Client.WEBSITE: "Website"}
TRIAL_KEY_NAME: Final = "For trying out"


def create_keys() -> list[str]:
    """Make those that are missing, and say how to call the API. One that was revoked stays so."""
    found = [(demo, business) for demo in BUSINESSES if (business := demo.find())]
    for demo, business in found:
        for client, name in KEY_NAMES.items():
            _create(demo, business, client, name)
    return [_trial_key_sentence(*found[0])] if found else []


def secret(demo: DemoBusiness, client: Client, name: str | None = None) -> str:
    whose = f"{demo.write_key} {client} {name or KEY_NAMES[client]}"
    digest = salted_hmac(SALT, whose, secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return f"{_prefix(client)}{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _trial_key_sentence(demo: DemoBusiness, business: Business) -> str:
    key = _create(demo, business, Client.POS, TRIAL_KEY_NAME)
    which = (
        "that you made: this one was revoked."
        if key.revoked_at
        else secret(demo, Client.POS, TRIAL_KEY_NAME)
    )
    return f"Call the API as a till of {business.name} with the key {which}"


def _create(demo: DemoBusiness, business: Business, client: Client, name: str) -> ApiKey:
    ours = secret(demo, client, name)
    known = ApiKey.objects.filter(hash=secret_hash(ours)).first()
    if known:
        return known
    # issued like any other, but with a secret that can be worked out again
    key, _ = ApiKey.issue(business, client, name)
    key.start, key.hash = ours.removeprefix(_prefix(client))[:4], secret_hash(ours)
    key.save(update_fields=["start", "hash"])
    return key


def _prefix(client: Client) -> str:
    return f"smrt_{client}_"
