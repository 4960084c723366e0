"""Orders, from intake to return."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from customers.models import Customer, Discount, Employee, NewLineItem, Order
from tests.customers.recorder import Saved, summaries
from tests.customers.refused import BEFORE_CREATION, IN_THE_FUTURE, refused
from tests.factories import (
    AgentFactory,
    BusinessFactory,
    CustomerFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
    LineItemFactory,
    OrderFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 2, 17, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=8)
SHIRTS = NewLineItem("Shirt", Decimal("9.99"), 2)
COAT = NewLineItem("Coat", Decimal("20.00"))


@pytest.fixture
def order(customer: Customer) -> Order:
    """An order of a shirt, two trousers and a coat: 45.00."""
    items = [NewLineItem("Shirt", Decimal(5)), NewLineItem("Trousers", Decimal(10), 2), COAT]
    return Order.create(customer, items=items, at=datetime.now(UTC) - timedelta(days=1))


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def returned_items(order: Order) -> list[str]:
    return list(
        order.items.filter(returned_at__isnull=False)
        .order_by("pk")
        .values_list("description", flat=True)
    )


class TestCreating:
    @time_machine.travel(MORNING, tick=False)
    def test_an_order_in_a_store_is_a_visit(
        self, customer: Customer, clerk: Employee, saves: list[Saved]
    ) -> None:
        store = AgentFactory.create(business=customer.business)
        department = DepartmentFactory.create(business=customer.business)
        saves.clear()
        order = Order.create(
            customer,
            items=[SHIRTS, NewLineItem("Coat", Decimal("20.00"), 1, department)],
            agent=store,
            sold_by=clerk,
            bags=2,
        )
        assert summaries(saves) == [
            "Order +",
            "LineItem +",
            "LineItem +",
            "Visit +",
            "Customer last_visit",
        ]
        order = stored(order)
        assert (order.status, order.agent, order.sold_by, order.created_at, order.bags) == (
            "open",
            store,
            clerk,
            MORNING,
            2,
        )
        assert [
            (item.description, item.quantity, item.price, item.department)
            for item in order.items.order_by("pk")
        ] == [
            ("Shirt", 2, Decimal("9.99"), None),
            ("Coat", 1, Decimal("20.00"), department),
        ]
        assert [(visit.visit_type, visit.at) for visit in customer.visits.all()] == [
            ("Store", MORNING)
        ]
        assert customer.last_visit == MORNING

    def test_an_order_at_a_stop_is_no_visit_to_a_store(self, customer: Customer) -> None:
        stop = StopFactory.create(customer=customer)
        order = Order.create(customer, items=[COAT], agent=stop.route, stop=stop)
        assert stored(order).stop == stop
        assert (customer.visits.count(), customer.last_visit) == (0, None)

    def test_an_order_without_items_has_a_total_of_zero(self, customer: Customer) -> None:
        assert stored(Order.create(customer)).total == Decimal("0.00")

    def test_a_late_report_keeps_its_own_time(self, customer: Customer) -> None:
        order = Order.create(customer, at=MORNING)
        assert stored(order).created_at == MORNING
        assert customer.last_visit == MORNING

    def test_a_random_number_is_used_unless_the_pos_gives_one(self, customer: Customer) -> None:
        assert Order.create(customer, number="4711").number == "4711"
        made_up = Order.create(customer).number
        assert len(made_up) == 8
        assert not set(made_up) & set("01IO")

    def test_order_numbers_are_unique_within_a_business(self, customer: Customer) -> None:
        Order.create(customer, number="4711")
        Order.create(CustomerFactory.create(), number="4711")
        with refused("Order number 4711 is taken. Give another number.", "number_taken", "number"):
            Order.create(customer, number="4711")

    @pytest.mark.parametrize(
        ("discount", "tax_rate", "currency", "sums"),
        [
            (None, "0", "USD", ("39.98", "0.00", "0.00", "39.98")),
            # Half a cent goes up: 39.98 * 8.625 % is 3.448275, 35.98 * 8.625 % is 3.103275.
            (None, "8.625", "USD", ("39.98", "0.00", "3.45", "43.43")),
            (("PERCENT", "10"), "8.625", "USD", ("39.98", "4.00", "3.10", "39.08")),
            (("PERCENT", "100"), "8.625", "USD", ("39.98", "39.98", "0.00", "0.00")),
            (("AMOUNT", "5"), "10", "USD", ("39.98", "5.00", "3.50", "38.48")),
            (("AMOUNT", "50"), "10", "USD", ("39.98", "39.98", "0.00", "0.00")),
            # 9.99 is 10 yen.
            (("PERCENT", "1"), "10", "JPY", ("40.00", "0.00", "4.00", "44.00")),
        ],
    )
    def test_the_total_is_after_the_discount_and_with_tax(
        self,
        discount: tuple[Discount.Kind, str] | None,
        tax_rate: str,
        currency: str,
        sums: tuple[str, ...],
    ) -> None:
        business = BusinessFactory.create(currency=currency)
        off = (
            DiscountFactory.create(business=business, kind=discount[0], value=Decimal(discount[1]))
            if discount
            else None
        )
        customer = CustomerFactory.create(business=business)
        order = stored(
            Order.create(customer, items=[SHIRTS, COAT], discount=off, tax_rate=Decimal(tax_rate))
        )
        assert (order.subtotal, order.discount_total, order.tax, order.total) == tuple(
            Decimal(amount) for amount in sums
        )
        assert order.discount == off

    def test_a_price_of_many_digits_is_rounded_before_it_is_multiplied(
        self, customer: Customer
    ) -> None:
        order = Order.create(
            customer, items=[NewLineItem("Button", Decimal("0.33499999999999999999"), 3)]
        )
        assert (order.items.get().price, stored(order).total) == (Decimal("0.33"), Decimal("0.99"))

    @pytest.mark.parametrize(
        ("item", "message", "field"),
        [
            (
                NewLineItem("Shirt", Decimal(5), 0),
                "The quantity must be from 0.001 to 2,147,483,647.",
                "quantity",
            ),
            (
                NewLineItem("Shirt", Decimal(5), -1),
                "The quantity must be from 0.001 to 2,147,483,647.",
                "quantity",
            ),
            (
                NewLineItem("Shirt", Decimal("-0.01")),
                "The price must be at least 0 and less than 10 billion.",
                "price",
            ),
            (
                NewLineItem("Shirt", Decimal("NaN")),
                "The price must be at least 0 and less than 10 billion.",
                "price",
            ),
            (
                NewLineItem("Shirt", Decimal("1e10")),
                "The price must be at least 0 and less than 10 billion.",
                "price",
            ),
            (
                NewLineItem("Shirt", Decimal(9999999999), 2),
                "An order must total less than 10 billion.",
                "items",
            ),
            (
                NewLineItem("x" * 501, Decimal(5)),
                "The description must have at most 500 characters.",
                "description",
            ),
        ],
    )
    def test_an_invalid_item_is_refused(
        self, customer: Customer, item: NewLineItem, message: str, field: str
    ) -> None:
        with refused(message, "invalid", field):
            Order.create(customer, items=[SHIRTS, item])

    @pytest.mark.parametrize(
        "values",
        [{"tax_rate": Decimal(-1)}, {"tax_rate": Decimal(100)}, {"tax_rate": Decimal("NaN")}],
    )
    def test_an_invalid_tax_rate_is_refused(
        self, customer: Customer, values: dict[str, Any]
    ) -> None:
        with refused("The tax rate must be a percentage from 0 to 99.", "invalid", "tax_rate"):
            Order.create(customer, **values)

    def test_a_negative_number_of_bags_is_refused(self, customer: Customer) -> None:
        with refused("The number of bags cannot be negative.", "invalid", "bags"):
            Order.create(customer, bags=-1)

    @pytest.mark.parametrize(
        ("name", "noun", "factory"),
        [
            ("agent", "agent", AgentFactory),
            ("sold_by", "employee", EmployeeFactory),
            ("discount", "discount", DiscountFactory),
            ("stop", "stop", StopFactory),
        ],
    )
    def test_a_record_of_another_business_is_refused(
        self, customer: Customer, name: str, noun: str, factory: type[AgentFactory]
    ) -> None:
        foreign = factory.create()
        with refused(f"This {noun} belongs to another business.", "other_business", name):
            Order.create(customer, **{name: foreign})  # type: ignore[arg-type]

    def test_another_business_s_department_is_refused(self, customer: Customer) -> None:
        foreign = DepartmentFactory.create()
        with refused(
            "This department belongs to another business.", "other_business", "department"
        ):
            Order.create(customer, items=[NewLineItem("Shirt", Decimal(5), 1, foreign)])

    def test_a_stop_for_another_customer_is_refused(self, customer: Customer) -> None:
        stop = StopFactory.create(customer=CustomerFactory.create(business=customer.business))
        with refused("This stop is for another customer.", "other_customer", "stop"):
            Order.create(customer, stop=stop)

    def test_a_finished_stop_is_refused(self, customer: Customer) -> None:
        stop = StopFactory.create(customer=customer)
        stop.miss()
        with refused("This stop was already missed.", "missed_already", "stop"):
            Order.create(customer, stop=stop)

    def test_a_time_in_the_future_or_without_a_zone_is_refused(self, customer: Customer) -> None:
        with refused(IN_THE_FUTURE, "future_time", "at"):
            Order.create(customer, at=datetime.now(UTC) + timedelta(minutes=6))
        with refused(
            "Add the time zone to this time, for example 2026-03-02T12:00:00Z.", "naive_time", "at"
        ):
            Order.create(customer, at=datetime(2026, 3, 2, 12))  # noqa: DTZ001 - that is the point

    @time_machine.travel(MORNING, tick=False)
    def test_a_time_slightly_ahead_counts_as_now(self, customer: Customer) -> None:
        assert Order.create(customer, at=MORNING + timedelta(seconds=4)).created_at == MORNING


class TestReady:
    @time_machine.travel(MORNING, tick=False)
    def test_an_open_order_becomes_ready(self, customer: Customer, saves: list[Saved]) -> None:
        order = OrderFactory.create(customer=customer)
        saves.clear()
        order.mark_ready()
        assert summaries(saves) == ["Order ready_at status"]
        assert (stored(order).status, stored(order).ready_at) == ("ready", MORNING)

    def test_an_order_becomes_ready_only_once(self, order: Order) -> None:
        order.mark_ready()
        with refused(f"Order {order.number} is already ready.", "ready_already"):
            order.mark_ready()

    def test_a_returned_order_does_not_become_ready(self, order: Order, clerk: Employee) -> None:
        order.return_to_customer(by=clerk)
        with refused(f"Order {order.number} is already returned.", "returned_already"):
            order.mark_ready()

    def test_a_stale_instance_of_a_ready_order_is_refused(self, order: Order) -> None:
        stale = stored(order)
        order.mark_ready()
        with refused(f"Order {order.number} is already ready.", "ready_already"):
            stale.mark_ready()

    def test_an_order_is_not_ready_before_it_was_created(self, order: Order) -> None:
        with refused(BEFORE_CREATION, "time_out_of_order", "at"):
            order.mark_ready(at=order.created_at - timedelta(minutes=6))

    def test_a_deleted_order_is_refused(self, order: Order) -> None:
        Order.objects.filter(pk=order.pk).delete()
        with refused("This order was deleted in the meantime.", "gone"):
            order.mark_ready()


class TestReturning:
    def test_the_order_is_saved_as_returned_before_its_items(
        self, order: Order, clerk: Employee, saves: list[Saved]
    ) -> None:
        order.mark_ready()
        saves.clear()
        order.return_to_customer(by=clerk)
        assert summaries(saves) == [
            "Order returned_at returned_by_id status",
            *["LineItem returned_at"] * 3,
            "Visit +",
            "Customer last_visit",
        ]
        order = stored(order)
        assert (order.status, order.returned_by) == ("returned", clerk)
        assert set(order.items.values_list("returned_at", flat=True)) == {order.returned_at}

    def test_a_return_at_a_counter_is_a_visit(self, customer: Customer, clerk: Employee) -> None:
        order = OrderFactory.create(customer=customer, created_at=MORNING)
        order.return_to_customer(by=clerk, at=EVENING)
        assert [(visit.visit_type, visit.at) for visit in customer.visits.all()] == [
            ("Store", EVENING)
        ]
        customer.refresh_from_db()
        assert customer.last_visit == EVENING

    def test_a_return_at_a_stop_is_no_visit_by_itself(
        self, customer: Customer, driver: Employee
    ) -> None:
        order = OrderFactory.create(customer=customer)
        order.return_to_customer(by=driver, stop=StopFactory.create(customer=customer))
        assert stored(order).status == "returned"
        assert customer.visits.count() == 0

    def test_an_order_may_be_returned_before_it_is_ready(
        self, order: Order, clerk: Employee
    ) -> None:
        order.return_to_customer(by=clerk)
        assert (stored(order).status, stored(order).ready_at) == ("returned", None)

    def test_an_order_is_returned_with_its_last_item(
        self, order: Order, clerk: Employee, saves: list[Saved]
    ) -> None:
        shirt, trousers, coat = order.items.order_by("pk")
        saves.clear()
        order.return_to_customer(by=clerk, items=[shirt, coat])
        assert summaries(saves)[:2] == ["LineItem returned_at", "LineItem returned_at"]
        assert (stored(order).status, returned_items(order)) == ("open", ["Shirt", "Coat"])
        saves.clear()
        order.return_to_customer(by=clerk, items=[trousers])
        assert summaries(saves)[:2] == [
            "Order returned_at returned_by_id status",
            "LineItem returned_at",
        ]
        assert (stored(order).status, len(returned_items(order))) == ("returned", 3)

    def test_without_items_everything_that_is_left_is_returned(
        self, order: Order, clerk: Employee
    ) -> None:
        shirt = order.items.earliest("pk")
        order.return_to_customer(by=clerk, items=[shirt], at=datetime.now(UTC) - timedelta(hours=1))
        shirt.refresh_from_db()
        order.return_to_customer(by=clerk)
        assert len(returned_items(order)) == 3
        assert order.items.earliest("pk").returned_at == shirt.returned_at

    def test_returned_items_know_their_order_without_a_query(
        self, order: Order, clerk: Employee
    ) -> None:
        items = order.returnable_items(datetime.now(UTC))
        assert all(item.order is order for item in items)

    def test_an_order_is_returned_only_once(self, order: Order, clerk: Employee) -> None:
        order.return_to_customer(by=clerk)
        with refused(f"Order {order.number} was already returned.", "returned_already"):
            order.return_to_customer(by=clerk)

    def test_an_item_is_returned_only_once(self, order: Order, clerk: Employee) -> None:
        shirt = order.items.earliest("pk")
        order.return_to_customer(by=clerk, items=[shirt])
        with refused(
            f"{shirt.description} of order {order.number} was already returned.",
            "item_returned_already",
            "items",
        ):
            order.return_to_customer(by=clerk, items=[shirt])

    def test_items_of_another_order_and_an_empty_list_are_refused(
        self, order: Order, clerk: Employee
    ) -> None:
        other = LineItemFactory.create(order__customer=order.customer)
        for items in ([other], [*order.items.all(), other], []):
            with refused(
                f"Order {order.number} no longer has all of these items.",
                "not_in_order",
                "items",
            ):
                order.return_to_customer(by=clerk, items=items)

    def test_another_business_s_employee_is_refused(self, order: Order) -> None:
        foreign = EmployeeFactory.create()
        with refused("This employee belongs to another business.", "other_business", "by"):
            order.return_to_customer(by=foreign)

    def test_a_stop_for_another_customer_is_refused(self, order: Order, driver: Employee) -> None:
        stop = StopFactory.create(customer=CustomerFactory.create(business=order.business))
        with refused("This stop is for another customer.", "other_customer", "stop"):
            order.return_to_customer(by=driver, stop=stop)

    def test_an_order_is_not_returned_before_it_was_created(
        self, order: Order, clerk: Employee
    ) -> None:
        with refused(BEFORE_CREATION, "time_out_of_order", "at"):
            order.return_to_customer(by=clerk, at=order.created_at - timedelta(minutes=6))


class TestEditing:
    def test_added_items_change_the_totals(self, customer: Customer, saves: list[Saved]) -> None:
        order = Order.create(
            customer,
            items=[COAT],
            tax_rate=Decimal(10),
            discount=DiscountFactory.create(business=customer.business),
        )
        saves.clear()
        order.add_items([NewLineItem("Tie", Decimal(10))])
        assert summaries(saves) == ["Order discount_total subtotal tax total", "LineItem +"]
        order = stored(order)
        assert (order.subtotal, order.discount_total, order.tax, order.total) == tuple(
            map(Decimal, ("30", "3", "2.70", "29.70"))
        )

    def test_removed_items_change_the_totals(self, order: Order) -> None:
        order.remove_items([order.items.get(description="Trousers")])
        assert (stored(order).total, order.items.count()) == (Decimal("25.00"), 2)

    def test_another_discount_changes_the_totals(self, order: Order) -> None:
        order.change(
            discount=DiscountFactory.create(
                business=order.business, kind="AMOUNT", value=Decimal(5)
            )
        )
        assert (stored(order).discount_total, stored(order).total) == (Decimal(5), Decimal(40))
        order.change(discount=None)
        assert (stored(order).discount, stored(order).total) == (None, Decimal(45))

    def test_only_an_open_order_can_be_edited(self, order: Order) -> None:
        order.mark_ready()
        sentence, code = f"Order {order.number} is already ready.", "ready_already"
        with refused(sentence, code):
            order.add_items([COAT])
        with refused(sentence, code):
            order.remove_items(order.items.all())
        with refused(sentence, code):
            order.change(discount=None)

    def test_a_returned_item_cannot_be_removed(self, order: Order, clerk: Employee) -> None:
        shirt = order.items.earliest("pk")
        order.return_to_customer(by=clerk, items=[shirt])
        with refused(
            f"{shirt.description} of order {order.number} was already returned.",
            "item_returned_already",
            "items",
        ):
            order.remove_items([shirt])

    def test_an_invalid_item_is_not_added(self, order: Order) -> None:
        with refused("The quantity must be from 0.001 to 2,147,483,647.", "invalid", "quantity"):
            order.add_items([COAT, NewLineItem("Shirt", Decimal(5), 0)])

    def test_another_business_s_discount_is_refused(self, order: Order) -> None:
        foreign = DiscountFactory.create()
        with refused("This discount belongs to another business.", "other_business", "discount"):
            order.change(discount=foreign)
