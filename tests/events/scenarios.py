"""One small story per golden message; all begin with the same business, which is not switched on
yet.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from customers.models import (
    Customer,
    CustomField,
    CustomFieldValue,
    NewLineItem,
    Order,
    PickupRequest,
    Stop,
)
from events.identify import IDENTIFY
from events.sweeps import birthdays, lost
from tests.events.golden_business import ANN, TUESDAY, Shop
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerGroupFactory,
    CustomFieldFactory,
    EmployeeFactory,
)

Story = Callable[[Shop], str]
STORIES: dict[str, Story] = {}


def story(name: str) -> Callable[[Story], Story]:
    """A story does what it tells of and answers the event whose message is the golden one."""

    def keep(tell: Story) -> Story:
        STORIES[name] = tell
        return tell

    return keep


@story("identify")
def everything_is_known(shop: Shop) -> str:
    birthday = shop.of(CustomFieldFactory, name="Birthday", kind=CustomField.Kind.DATE, position=2)
    referral = shop.of(CustomFieldFactory, name="Referral Source", position=1)
    ann = shop.ann(
        payment_term=Customer.PaymentTerm.AUTO_PAY,
        card_on_file=True,
        phone_is_mobile=True,
        delivery_preference=Customer.DeliveryPreference.ROUTE_REGULAR,
        receive_texts=False,
        demographic=2,
        last_visit=TUESDAY - timedelta(days=7),
        agent=shop.of(AgentFactory, route=True, name="Route 7"),
        brand=shop.of(BrandFactory, name="Bayview Premium"),
        group=shop.of(CustomerGroupFactory, name="Neighbours"),
        discount=shop.loyal(),
    )
    shop.open(birthday_field=birthday)
    CustomFieldValue.record(ann, birthday, "1988-5-4")
    CustomFieldValue.record(ann, referral, "Friend: Zoë Müller")
    return IDENTIFY


@story("identify-corporate")
def a_company(shop: Shop) -> str:
    company = shop.ann(
        kind=Customer.Kind.CORPORATE,
        company_name="Example Hotel Inc.",
        payment_term=Customer.PaymentTerm.STATEMENT,
    )
    shop.open()
    company.set_delivery_preference(Customer.DeliveryPreference.WILL_CALL)
    return IDENTIFY


@story("identify-bare")
def nothing_is_known(shop: Shop) -> str:
    nobody = shop.nobody()
    shop.open()
    nobody.set_delivery_preference(Customer.DeliveryPreference.ADDRESS_DECLINED)
    return IDENTIFY


@story("pickup-completed")
def a_driver_picks_up_and_delivers(shop: Shop) -> str:
    ann = shop.ann()
    earlier = shop.order(ann, bags=3)
    stop = shop.stop(ann)
    Order.create(ann, stop=stop, items=[NewLineItem("Coat", Decimal(20))])
    shop.open()
    stop.complete(delivered_orders=[earlier])
    return "Pickup Completed"


@story("pickup-completed-pickup-only")
def a_driver_only_picks_up(shop: Shop) -> str:
    nobody = shop.nobody()
    shop.open()
    stop = Stop.schedule(nobody, date(2025, 3, 4))
    Order.create(nobody, stop=stop)
    stop.complete()
    return "Pickup Completed"


@story("pickup-missed")
def nothing_hangs_at_the_door(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    shop.stop(ann).complete()
    return "Pickup Missed"


@story("pickup-scheduled")
def the_counter_schedules(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    ann.schedule_pickup(date(2025, 3, 6))
    return "Pickup Scheduled"


@story("pickup-scheduled-by-customer")
def the_customer_schedules(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    ann.schedule_pickup(date(2025, 3, 6), by=PickupRequest.ScheduledBy.CUSTOMER)
    return "Pickup Scheduled"


@story("customer-canceled-pickup")
def the_customer_cancels_on_the_website(shop: Shop) -> str:
    pickup = shop.ann().schedule_pickup(date(2025, 3, 6))
    shop.open()
    pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)
    return "Customer Canceled Pickup"


@story("customer-canceled-pickup-by-text")
def the_customer_answers_no(shop: Shop) -> str:
    pickup = shop.ann().schedule_pickup(date(2025, 3, 6))
    shop.open()
    pickup.cancel(via=PickupRequest.CanceledVia.TEXT)
    return "Customer Canceled Pickup"


@story("customer-requested-regular-pickups")
def the_customer_asks_for_a_route(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    ann.request_regular_pickups()
    return "Customer Requested Regular Pickups"


@story("order-created")
def an_order_comes_in(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    shop.order(ann)
    return "Order Created"


@story("order-created-with-discount")
def an_order_comes_in_at_a_discount(shop: Shop) -> str:
    ann = shop.ann(brand=shop.of(BrandFactory, name="Bayview Premium"))
    shop.open()
    shop.order(ann, discount=shop.loyal())
    return "Order Created"


@story("order-created-by-nobody")
def an_order_of_which_little_is_known(shop: Shop) -> str:
    nobody = shop.nobody()
    shop.open()
    Order.create(nobody, number="1001")
    return "Order Created"


@story("order-ready")
def an_order_is_done(shop: Shop) -> str:
    order = shop.order(shop.ann())
    shop.open()
    order.mark_ready()
    return "Order Ready"


@story("order-returned")
def an_order_goes_back(shop: Shop) -> str:
    order = shop.order(shop.ann(), discount=shop.loyal())
    shop.open()
    order.return_to_customer(by=shop.of(EmployeeFactory, name="Carlos Counter"))
    return "Order Returned"


@story("order-line-item-returned")
def the_last_item_goes_back(shop: Shop) -> str:
    order = shop.order(shop.ann())
    shirts, dress = order.items.order_by("pk")
    order.return_to_customer(by=None, items=[dress])
    shop.open()
    order.return_to_customer(by=shop.of(EmployeeFactory, name="Carlos Counter"))
    shop.line_item_id = shirts.pk
    return "Order Line Item Returned"


@story("order-line-item-returned-in-part")
def an_item_goes_back_before_the_others(shop: Shop) -> str:
    order = Order.create(
        shop.nobody(),
        items=[NewLineItem("Tie", Decimal(7)), NewLineItem("Coat", Decimal(20))],
        number="1002",
    )
    tie, _ = order.items.order_by("pk")
    shop.open()
    order.return_to_customer(by=None, items=[tie])
    shop.line_item_id = tie.pk
    return "Order Line Item Returned"


@story("new-customer-signup")
def a_customer_comes_to_the_counter(shop: Shop) -> str:
    shop.open()
    Customer.sign_up(
        shop.business, uuid=ANN, first_name="Ann", last_name="Example", email="ann@example.com"
    )
    return "New Customer Signup"


@story("new-customer-signup-on-website")
def a_customer_signs_up_on_the_website(shop: Shop) -> str:
    shop.open()
    Customer.sign_up(
        shop.business,
        source=Customer.Source.WEBSITE,
        uuid=ANN,
        email="ann@example.com",
        receive_emails=False,
    )
    return "New Customer Signup"


@story("customer-visit")
def a_customer_visits(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    shop.order(ann)
    return "Customer Visit"


@story("customer-visit-by-driver")
def a_driver_visits(shop: Shop) -> str:
    ann = shop.ann()
    shop.open()
    stop = shop.stop(ann)
    Order.create(ann, stop=stop)
    stop.complete()
    return "Customer Visit"


@story("customer-visit-by-signup")
def signing_up_is_a_visit(shop: Shop) -> str:
    shop.open()
    Customer.sign_up(shop.business, uuid=ANN, email="ann@example.com")
    return "Customer Visit"


@story("customer-lost")
def a_customer_stays_away(shop: Shop) -> str:
    shop.ann(
        visit_frequency=Customer.VisitFrequency.BI_WEEKLY, last_visit=TUESDAY - timedelta(days=31)
    )
    shop.open()
    lost.sweep(TUESDAY + timedelta(days=1))
    return "Customer Lost"


@story("customer-birthday")
def a_customer_has_a_birthday(shop: Shop) -> str:
    birthday = shop.of(CustomFieldFactory, name="Birthday", kind=CustomField.Kind.DATE)
    CustomFieldValue.record(shop.ann(), birthday, "1988-03-04")
    shop.open(birthday_field=birthday)
    birthdays.sweep(TUESDAY)
    return "Customer Birthday"
