"""Build an order's event from the ORM, for the peers; and the Celery applications of the peers."""

import sys
from typing import Any, NamedTuple

from celery import Celery
from django.conf import settings

from customers.models import Order
from customers.traits import build_traits, custom_values, trait_sources

RELATED = (
    "customer__brand",
    "business__integration",
    "agent",
    "sold_by",
    "returned_by",
    "discount",
)


class OrderEvent(NamedTuple):
    """The contents of a track and an identify, with their write key."""

    write_key: str
    user_id: str
    traits: dict[str, Any]
    properties: dict[str, Any]


def create_app(name: str, **config: Any) -> Celery:
    """Return a Celery application with its own queue and mostly default settings.

    It keeps database connections from task to task. By default, Celery opens a new one for each
    task, which would make the peers a third slower. The project's own application stays current.
    """
    app = Celery(name, broker=settings.CELERY_BROKER_URL, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_default_queue=name,
        broker_connection_retry_on_startup=True,
        CELERY_DB_REUSE_MAX=sys.maxsize,
        **config,
    )
    return app


def load_order_event(order_id: int) -> OrderEvent:
    """Load an order with everything that it refers to, and build its messages."""
    order = Order.objects.select_related(*RELATED).get(pk=order_id)
    customer, integration = order.customer, order.business.integration
    traits = build_traits(
        trait_sources([customer.pk])[customer.pk],
        custom_values([customer.pk])[customer.pk],
        integration.birthday_field_id,
    )
    return OrderEvent(integration.write_key, str(customer.uuid), {**traits}, _properties(order))


def _properties(order: Order) -> dict[str, Any]:
    discount = order.discount
    return {
        "order_id": order.number,
        "agent": order.agent and order.agent.name,
        "customer_brand": (order.customer.brand or order.business).name,
        "value": float(order.total),
        "revenue": float(order.total),
        "currency": order.business.currency,
        "sold_by": order.sold_by and order.sold_by.name,
        "returned_by": order.returned_by and order.returned_by.name,
        "discount": discount
        and {
            "name": discount.name,
            "description": discount.description,
            "value": float(discount.value),
        },
    }
