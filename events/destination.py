"""Where a business's events go, as a fingerprint: it tells one source from another, not its key."""

import hashlib


def destination_of(region: str, write_key: str) -> str:
    return hashlib.sha256(f"{region}:{write_key}".encode()).hexdigest()[:16]
