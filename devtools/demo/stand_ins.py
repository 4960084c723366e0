"""Tells the stand-ins what they cannot know by themselves: what the demo businesses are called, and what was on the phones before."""

import json
import urllib.request

from devtools.demo import past_texts
from devtools.demo.businesses import BUSINESSES

TIMEOUT_SECONDS = 5.0
"""Far more than a stand-in takes; it is on this machine."""


def name_businesses(host: str) -> bool:
    """So that the page of the Segment stand-in need not show write keys. Whether something that takes names answered there."""
    return all(
        _send_json("PUT", f"{host}/businesses/{demo.write_key}", {"name": demo.name})
        for demo in BUSINESSES
    )


def remember_texts(host: str) -> bool:
    """So that the phones of the Twilio stand-in show what was texted before it started. Whether something that remembers answered there."""
    return _send_json("POST", f"{host}/remember", past_texts.texts_on_phones())


def _send_json(method: str, address: str, said: object) -> bool:
    # no proxy: the stand-in is on this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Content-Type": "application/json"}
    try:
        opener.open(
            urllib.request.Request(address, json.dumps(said).encode(), headers, method=method),
            timeout=TIMEOUT_SECONDS,
        ).close()
    except OSError:
        return False
    return True
