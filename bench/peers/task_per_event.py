"""Peer: a task per event that posts with the SDK in `sync_mode`, as most people would."""

from django import setup
from django.conf import settings
from segment.analytics.client import Client

setup()

from bench.peers.order_event import create_app, load_order_event  # noqa: E402

app = create_app("task_per_event")


@app.task
def order_returned(order_id: int) -> None:
    write_key, user_id, traits, properties = load_order_event(order_id)
    client = Client(write_key, host=settings.SEGMENT_HOST, sync_mode=True)
    client.identify(user_id, traits)
    client.track(user_id, "Order Returned", properties)
