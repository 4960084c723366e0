"""The demo's API keys: one for each client of each business, and one to try the API with.

Like the passwords in `logins` they are derived from SECRET_KEY, so every start has the same keys
and the simulation needs no copy: the database has only hashes. New keys at each start would leave
nine more revoked keys on the owner's page, and break what a developer tries with the old ones.
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
    """Create the missing keys, and return a sentence on how to call the API.

    A revoked key stays revoked.
    """
    existing = [(demo, business) for demo in BUSINESSES if (business := demo.find())]
    for demo, business in existing:
        for client, name in KEY_NAMES.items():
            _create(demo, business, client, name)
    return [_trial_key_sentence(*existing[0])] if existing else []


def secret(demo: DemoBusiness, client: Client, name: str | None = None) -> str:
    message = f"{demo.write_key} {client} {name or KEY_NAMES[client]}"
    digest = salted_hmac(SALT, message, secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return f"{_prefix(client)}{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _trial_key_sentence(demo: DemoBusiness, business: Business) -> str:
    key = _create(demo, business, Client.POS, TRIAL_KEY_NAME)
    ending = (
        "that you created: this one was revoked."
        if key.revoked_at
        else secret(demo, Client.POS, TRIAL_KEY_NAME)
    )
    return f"Call the API as a till of {business.name} with the key {ending}"


def _create(demo: DemoBusiness, business: Business, client: Client, name: str) -> ApiKey:
    ours = secret(demo, client, name)
    existing = ApiKey.objects.filter(hash=secret_hash(ours)).first()
    if existing:
        return existing
    # issued like any other key, but with a derived secret
    key, _ = ApiKey.issue(business, client, name)
    key.start, key.hash = ours.removeprefix(_prefix(client))[:4], secret_hash(ours)
    key.save(update_fields=["start", "hash"])
    return key


def _prefix(client: Client) -> str:
    return f"smrt_{client}_"
