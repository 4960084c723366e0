"""Give the stand-ins the names of the businesses, and the texts from before they started."""

import json
import urllib.request

from devtools.demo import past_texts
from devtools.demo.businesses import BUSINESSES

TIMEOUT_SECONDS = 5.0
"""Far more than a stand-in on this machine takes."""


def name_businesses(host: str) -> bool:
    """Name the businesses on the Segment stand-in's page. Returns whether it answered."""
    return all(
        _send_json("PUT", f"{host}/businesses/{demo.write_key}", {"name": demo.name})
        for demo in BUSINESSES
    )


def remember_texts(host: str) -> bool:
    """Send the earlier texts to the Twilio stand-in. Returns whether it answered."""
    return _send_json("POST", f"{host}/remember", past_texts.texts_on_phones())


def _send_json(method: str, address: str, data: object) -> bool:
    # no proxy: the stand-in is on this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Content-Type": "application/json"}
    try:
        opener.open(
            urllib.request.Request(address, json.dumps(data).encode(), headers, method=method),
            timeout=TIMEOUT_SECONDS,
        ).close()
    except OSError:
        return False
    return True
