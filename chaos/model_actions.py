"""What people do in a business, by the methods of its records.

Each action runs in a transaction of its own. It draws what it does from `shop.random`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from time import sleep
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from customers.errors import ActionRefused
from customers.models import (
    Agent,
    Brand,
    Business,
    Customer,
    CustomerGroup,
    CustomField,
    CustomFieldValue,
    Department,
    Discount,
    Employee,
    NewLineItem,
    Order,
    PickupRequest,
    RegularPickupRequest,
    Stop,
)
from events.jobs import backfill, control, first_sync
from events.models import Request

RECENT: Final = 40
"""Orders, stops and customers from which one is chosen: the newest."""
HELD_SECONDS: Final = (0.5, 3.0)
"""How long a slow transaction holds its locks. It may be killed in the meantime."""
BULK: Final = (20, 80)
"""Orders of a bulk import."""


class RolledBack(Exception):
    """Raised to roll a transaction back after it has written."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A business, and the source of chance of the writer that works in it."""

    business: Business
    random: Random

    def one(self, model: type[Any], **filters: Any) -> Any:
        """Return one of the newest rows of the business. Raises ActionRefused without any."""
        rows = list(
            model.objects.filter(business=self.business, **filters).order_by("-pk")[:RECENT]
        )
        if not rows:
            raise ActionRefused(f"There is no {model.__name__}.", "none")
        row = self.random.choice(rows)
        row.business = self.business
        return row

    def customer(self) -> Customer:
        customer: Customer = self.one(Customer)
        return customer

    def items(self) -> list[NewLineItem]:
        department = self.one(Department)
        return [
            NewLineItem(
                self.random.choice(("Shirt", "Coat", "Dress, silk", "Zoë's blanket")),
                Decimal(self.random.randrange(100, 9_900)) / 100,
                self.random.randint(1, 4),
                department,
            )
            for _ in range(self.random.randint(1, 3))
        ]

    @property
    def name(self) -> str:
        return self.business.name

    def new_name(self) -> str:
        return f"Name {self.random.randrange(10**6)}"


def sign_up(shop: Shop) -> None:
    Customer.sign_up(
        shop.business,
        source=shop.random.choice(("POS", "Website")),
        first_name=shop.new_name(),
        last_name="Example",
        email=f"{shop.random.randrange(10**6)}@example.com",
        phone=f"+1415555{shop.random.randrange(100, 200):04}",
        street="1 Example Street",
        city="San Francisco",
        country="US",
    )


def create_order(shop: Shop, customer: Customer | None = None) -> Order:
    return Order.create(
        customer or shop.customer(),
        items=shop.items(),
        agent=shop.one(Agent, name__startswith="Store"),
        sold_by=shop.one(Employee, role="COUNTER"),
        discount=shop.random.choice((None, shop.one(Discount, name__startswith="Order"))),
        tax_rate=Decimal("8.5"),
    )


def mark_ready(shop: Shop) -> None:
    order: Order = shop.one(Order, status="open")
    order.mark_ready()


def return_order(shop: Shop) -> None:
    order: Order = shop.one(Order, status__in=["open", "ready"])
    order.return_to_customer(by=shop.one(Employee, role="COUNTER"))


def return_one_item(shop: Shop) -> None:
    order: Order = shop.one(Order, status__in=["open", "ready"])
    items = [item for item in order.items.all() if item.returned_at is None]
    if items:
        order.return_to_customer(
            by=shop.one(Employee, role="COUNTER"), items=[shop.random.choice(items)]
        )


def correct_order(shop: Shop) -> None:
    """Change what an order costs: what was recorded about it before must stay as it was."""
    order: Order = shop.one(Order, status="open")
    item = order.items.first()
    if item:
        order.change_item(item, price=Decimal(shop.random.randrange(100, 9_900)) / 100)


def whole_order(shop: Shop) -> None:
    """Take in, finish and return an order within moments."""
    order = create_order(shop)
    order.mark_ready()
    order.return_to_customer(by=shop.one(Employee, role="COUNTER"))


def schedule_stop(shop: Shop) -> Stop:
    customer = shop.customer()
    return Stop.schedule(
        customer,
        shop.business.today(),
        driver=shop.one(Employee, role="DRIVER"),
        route=shop.one(Agent, name__startswith="Route"),
    )


def complete_stop(shop: Shop) -> None:
    """Complete a stop with a new order, with deliveries, or with nothing: then it was missed."""
    stop = schedule_stop(shop)
    if shop.random.random() < 0.5:
        Order.create(stop.customer, items=shop.items(), stop=stop)
    orders = Order.objects.filter(customer=stop.customer, status__in=["open", "ready"], stop=None)
    delivered = list(orders.order_by("pk")[: shop.random.randrange(3)])
    stop.complete(delivered_orders=delivered)


def schedule_pickup(shop: Shop) -> PickupRequest:
    day = shop.business.today() + timedelta(days=shop.random.randrange(300))
    by = shop.random.choice(("Employee", "Customer"))
    return shop.customer().schedule_pickup(day, by=by)


def cancel_pickup(shop: Shop) -> None:
    pickup: PickupRequest = shop.one(PickupRequest, status="scheduled")
    pickup.cancel(via=shop.random.choice(("Website", "Text", "Employee")))


def request_regular_pickups(shop: Shop) -> None:
    shop.customer().request_regular_pickups()


def decide_regular_pickups(shop: Shop) -> None:
    request: RegularPickupRequest = shop.one(RegularPickupRequest, status="pending")
    (request.approve if shop.random.random() < 0.5 else request.decline)()


@transaction.atomic
def change_customer(shop: Shop) -> None:
    customer = shop.customer()
    customer.lock("business")
    changes: Mapping[str, Any] = shop.random.choice(
        (
            {"first_name": shop.new_name()},
            {"email": f"{shop.new_name().replace(' ', '')}@example.com"},
            {"street": shop.new_name(), "city": "Oakland"},
            {"payment_term": shop.random.choice(("POS", "Statement", "AutoPay"))},
            {"card_on_file": not customer.card_on_file},
            {"agent": shop.one(Agent, name__startswith="Home")},
            {"group": shop.one(CustomerGroup)},
            {"discount": shop.one(Discount, name__startswith="Home")},
        )
    )
    for name, value in changes.items():
        setattr(customer, name, value)
    customer.save(update_fields=list(changes))


def flip_opt_out(shop: Shop) -> None:
    """Opt out and in again, a moment apart: Segment has to end with the last."""
    customer = shop.customer()
    for _ in range(shop.random.randint(1, 4)):
        with transaction.atomic():
            customer.lock("business")
            customer.receive_texts = not customer.receive_texts
            customer.save(update_fields=["receive_texts"])
        sleep(shop.random.choice((0.0, 0.01, 0.2, 1.0)))


def fill_in_field(shop: Shop) -> None:
    CustomFieldValue.record(shop.customer(), shop.one(CustomField), shop.new_name())


@transaction.atomic
def change_brand(shop: Shop) -> None:
    """Change the brand under locks that keep the customer's orders as they are meanwhile."""
    customer = shop.customer()
    customer.lock("business")
    list(Order.objects.select_for_update().filter(customer=customer).order_by("pk"))
    customer.brand = shop.one(Brand)
    customer.save(update_fields=["brand"])


def rename(shop: Shop) -> None:
    """Rename what the traits of many customers show."""
    model, filters = shop.random.choice(
        (
            (Agent, {"name__startswith": "Home"}),
            (Discount, {"name__startswith": "Home"}),
            (CustomerGroup, {}),
            (CustomField, {}),
        )
    )
    row = shop.one(model, **filters)
    row.name = f"Home {shop.random.randrange(10**6)}"
    row.save(update_fields=["name"])


def rename_seller(shop: Shop) -> None:
    """Let a new employee sell something, and rename them afterwards."""
    seller = Employee.objects.create(business=shop.business, name=shop.new_name(), role="GONE")
    Order.create(shop.customer(), items=shop.items(), sold_by=seller)
    seller.name = shop.new_name()
    seller.save(update_fields=["name"])


def roll_back(shop: Shop) -> None:
    """Do several things, and let the transaction fail."""
    with transaction.atomic():
        _several(shop)
        sleep(shop.random.uniform(0.0, 0.3))
        raise RolledBack


def roll_back_a_part(shop: Shop) -> None:
    """Roll back to a savepoint: what was written before and after it stays."""
    with transaction.atomic():
        customer = shop.customer()
        create_order(shop, customer)
        with transaction.atomic():
            create_order(shop, customer)
            transaction.set_rollback(True)
        create_order(shop, customer)


def import_in_bulk(shop: Shop) -> None:
    """Write many orders in one transaction, for customers in the order of their ids."""
    with transaction.atomic():
        customers = sorted({shop.customer() for _ in range(10)}, key=lambda customer: customer.pk)
        for customer in customers:
            for _ in range(shop.random.randint(*BULK) // 10):
                create_order(shop, customer)


def hold_a_transaction(shop: Shop) -> None:
    """Hold the locks of a transaction that has written, for as long as a slow program does."""
    with transaction.atomic():
        _several(shop)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [shop.random.uniform(*HELD_SECONDS)])
        if shop.random.random() < 0.3:
            raise RolledBack


def send_all_customers(shop: Shop) -> None:
    """Start a sync, as owners do. While one is open, it goes on."""
    control.resume(shop.business.pk, Request.Kind.SYNC)
    first_sync.request_sync(shop.business.pk, None, timezone.now())


def send_past_events(shop: Shop) -> None:
    """Start a backfill of today. All of it was recorded live, so it must send nothing."""
    control.resume(shop.business.pk, Request.Kind.BACKFILL)
    backfill.request_backfill(shop.business.pk, shop.business.today(), None, timezone.now())


def interrupt_a_job(shop: Shop) -> None:
    kind = shop.random.choice((Request.Kind.SYNC, Request.Kind.BACKFILL))
    interrupt = shop.random.choice((control.pause, control.cancel))
    interrupt(shop.business.pk, kind, timezone.now())


def _several(shop: Shop) -> None:
    customer = shop.customer()
    customer.lock("business")
    create_order(shop, customer)
    customer.receive_emails = not customer.receive_emails
    customer.save(update_fields=["receive_emails"])
    if shop.random.random() < 0.3:
        sign_up(shop)


ACTIONS: Final[Mapping[Callable[[Shop], object], int]] = {
    sign_up: 4,
    create_order: 10,
    mark_ready: 8,
    return_order: 6,
    return_one_item: 4,
    correct_order: 4,
    whole_order: 6,
    complete_stop: 8,
    schedule_pickup: 6,
    cancel_pickup: 4,
    request_regular_pickups: 2,
    decide_regular_pickups: 2,
    change_customer: 8,
    flip_opt_out: 16,
    fill_in_field: 4,
    change_brand: 2,
    rename: 1,
    rename_seller: 2,
    roll_back: 6,
    roll_back_a_part: 3,
    import_in_bulk: 1,
    hold_a_transaction: 3,
    send_all_customers: 2,
    send_past_events: 1,
    interrupt_a_job: 1,
}
"""Action -> how often it is done, in parts of all."""
