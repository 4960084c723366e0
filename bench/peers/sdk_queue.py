"""Peer: a task per event that gives the messages to the SDK's own queue and thread.

Fast, but the queue is in memory. A message is lost when its process dies, although the task is
acknowledged late and repeated when its worker is lost.
"""

from functools import cache

from django import setup
from django.conf import settings
from segment.analytics.client import Client

setup()

from bench.peers.order_event import create_app, load_order_event  # noqa: E402

app = create_app(
    "sdk_queue", task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1
)


@cache
def _client(write_key: str) -> Client:
    """Return the client of this process and business.

    Created in the task and so after the fork, because threads do not survive a fork.
    """
    return Client(write_key, host=settings.SEGMENT_HOST)


@app.task
def order_returned(order_id: int) -> None:
    write_key, user_id, traits, properties = load_order_event(order_id)
    _client(write_key).identify(user_id, traits)
    _client(write_key).track(user_id, "Order Returned", properties)
