"""One scenario per golden message. Each begins with the same business, not switched on yet."""

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
from events.jobs import backfill
from events.jobs.run import run_jobs
from events.sweeps import birthdays, lost
from tests.events.golden_business import ANN, TUESDAY, GoldenBusiness
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerGroupFactory,
    CustomFieldFactory,
    EmployeeFactory,
)

Scenario = Callable[[GoldenBusiness], str]
SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Scenario], Scenario]:
    """Register a scenario. A scenario returns the event of its golden message."""

    def register(function: Scenario) -> Scenario:
        SCENARIOS[name] = function
        return function

    return register


@scenario("identify")
def a_customer_has_every_detail(business: GoldenBusiness) -> str:
    birthday = business.create(
        CustomFieldFactory, name="Birthday", kind=CustomField.Kind.DATE, position=2
    )
    referral = business.create(CustomFieldFactory, name="Referral Source", position=1)
    ann = business.create_ann(
        payment_term=Customer.PaymentTerm.AUTO_PAY,
        card_on_file=True,
        phone_is_mobile=True,
        delivery_preference=Customer.DeliveryPreference.ROUTE_REGULAR,
        receive_texts=False,
        demographic=2,
        last_visit=TUESDAY - timedelta(days=7),
        agent=business.create(AgentFactory, route=True, name="Route 7"),
        brand=business.create(BrandFactory, name="Bayview Premium"),
        group=business.create(CustomerGroupFactory, name="Neighbours"),
        discount=business.create_loyalty_discount(),
    )
    business.switch_on(birthday_field=birthday)
    CustomFieldValue.record(ann, birthday, "1988-5-4")
    CustomFieldValue.record(ann, referral, "Friend: Zoë Müller")
    return IDENTIFY


@scenario("identify-corporate")
def a_corporate_customer_changes(business: GoldenBusiness) -> str:
    company = business.create_ann(
        kind=Customer.Kind.CORPORATE,
        company_name="Example Hotel Inc.",
        payment_term=Customer.PaymentTerm.STATEMENT,
    )
    business.switch_on()
    company.set_delivery_preference(Customer.DeliveryPreference.WILL_CALL)
    return IDENTIFY


@scenario("identify-bare")
def a_customer_has_no_details(business: GoldenBusiness) -> str:
    customer = business.create_bare_customer()
    business.switch_on()
    customer.set_delivery_preference(Customer.DeliveryPreference.ADDRESS_DECLINED)
    return IDENTIFY


@scenario("pickup-completed")
def a_driver_picks_up_and_delivers(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    earlier = business.create_order(ann, bags=3)
    stop = business.schedule_stop(ann)
    Order.create(ann, stop=stop, items=[NewLineItem("Coat", Decimal(20))])
    business.switch_on()
    stop.complete(delivered_orders=[earlier])
    return "Pickup Completed"


@scenario("pickup-completed-pickup-only")
def a_driver_only_picks_up(business: GoldenBusiness) -> str:
    customer = business.create_bare_customer()
    business.switch_on()
    stop = Stop.schedule(customer, date(2025, 3, 4))
    Order.create(customer, stop=stop)
    stop.complete()
    return "Pickup Completed"


@scenario("pickup-missed")
def a_driver_finds_nothing_to_pick_up(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    business.schedule_stop(ann).complete()
    return "Pickup Missed"


@scenario("pickup-scheduled")
def an_employee_schedules_a_pickup(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    ann.schedule_pickup(date(2025, 3, 6))
    return "Pickup Scheduled"


@scenario("pickup-scheduled-by-customer")
def a_customer_schedules_a_pickup(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    ann.schedule_pickup(date(2025, 3, 6), by=PickupRequest.ScheduledBy.CUSTOMER)
    return "Pickup Scheduled"


@scenario("customer-canceled-pickup")
def a_customer_cancels_on_the_website(business: GoldenBusiness) -> str:
    pickup = business.create_ann().schedule_pickup(date(2025, 3, 6))
    business.switch_on()
    pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)
    return "Customer Canceled Pickup"


@scenario("customer-canceled-pickup-by-text")
def a_customer_cancels_by_text(business: GoldenBusiness) -> str:
    pickup = business.create_ann().schedule_pickup(date(2025, 3, 6))
    business.switch_on()
    pickup.cancel(via=PickupRequest.CanceledVia.TEXT)
    return "Customer Canceled Pickup"


@scenario("customer-requested-regular-pickups")
def a_customer_requests_regular_pickups(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    ann.request_regular_pickups()
    return "Customer Requested Regular Pickups"


@scenario("order-created")
def an_order_is_created(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    business.create_order(ann)
    return "Order Created"


@scenario("order-created-with-discount")
def an_order_is_created_with_a_discount(business: GoldenBusiness) -> str:
    ann = business.create_ann(brand=business.create(BrandFactory, name="Bayview Premium"))
    business.switch_on()
    business.create_order(ann, discount=business.create_loyalty_discount())
    return "Order Created"


@scenario("order-created-by-nobody")
def an_order_is_created_with_few_details(business: GoldenBusiness) -> str:
    customer = business.create_bare_customer()
    business.switch_on()
    Order.create(customer, number="1001")
    return "Order Created"


@scenario("order-ready")
def an_order_is_ready(business: GoldenBusiness) -> str:
    order = business.create_order(business.create_ann())
    business.switch_on()
    order.mark_ready()
    return "Order Ready"


@scenario("order-returned")
def an_order_is_returned(business: GoldenBusiness) -> str:
    order = business.create_order(
        business.create_ann(), discount=business.create_loyalty_discount()
    )
    business.switch_on()
    order.return_to_customer(by=business.create(EmployeeFactory, name="Carlos Counter"))
    return "Order Returned"


@scenario("order-line-item-returned")
def the_last_item_is_returned(business: GoldenBusiness) -> str:
    order = business.create_order(business.create_ann())
    shirts, dress = order.items.order_by("pk")
    order.return_to_customer(by=None, items=[dress])
    business.switch_on()
    order.return_to_customer(by=business.create(EmployeeFactory, name="Carlos Counter"))
    business.line_item_id = shirts.pk
    return "Order Line Item Returned"


@scenario("order-line-item-returned-in-part")
def one_item_of_two_is_returned(business: GoldenBusiness) -> str:
    order = Order.create(
        business.create_bare_customer(),
        items=[NewLineItem("Tie", Decimal(7)), NewLineItem("Coat", Decimal(20))],
        number="1002",
    )
    tie, _ = order.items.order_by("pk")
    business.switch_on()
    order.return_to_customer(by=None, items=[tie])
    business.line_item_id = tie.pk
    return "Order Line Item Returned"


@scenario("order-line-item-returned-by-weight")
def a_bag_of_laundry_is_returned(business: GoldenBusiness) -> str:
    order = Order.create(
        business.create_bare_customer(),
        items=[NewLineItem("Wash and fold", Decimal("1.99"), Decimal("12.4"), unit="lb")],
        number="1003",
    )
    (bag,) = order.items.all()
    business.switch_on()
    order.return_to_customer(by=None)
    business.line_item_id = bag.pk
    return "Order Line Item Returned"


@scenario("new-customer-signup")
def a_customer_signs_up_at_the_counter(business: GoldenBusiness) -> str:
    business.switch_on()
    Customer.sign_up(
        business.record, uuid=ANN, first_name="Ann", last_name="Example", email="ann@example.com"
    )
    return "New Customer Signup"


@scenario("new-customer-signup-on-website")
def a_customer_signs_up_on_the_website(business: GoldenBusiness) -> str:
    business.switch_on()
    Customer.sign_up(
        business.record,
        source=Customer.Source.WEBSITE,
        uuid=ANN,
        email="ann@example.com",
        receive_emails=False,
    )
    return "New Customer Signup"


@scenario("customer-visit")
def a_customer_visits_the_store(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    business.create_order(ann)
    return "Customer Visit"


@scenario("customer-visit-by-driver")
def a_driver_visits_a_customer(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    business.switch_on()
    stop = business.schedule_stop(ann)
    Order.create(ann, stop=stop)
    stop.complete()
    return "Customer Visit"


@scenario("customer-visit-by-signup")
def a_signup_counts_as_a_visit(business: GoldenBusiness) -> str:
    business.switch_on()
    Customer.sign_up(business.record, uuid=ANN, email="ann@example.com")
    return "Customer Visit"


@scenario("customer-lost")
def a_customer_stays_away(business: GoldenBusiness) -> str:
    business.create_ann(
        visit_frequency=Customer.VisitFrequency.BI_WEEKLY, last_visit=TUESDAY - timedelta(days=31)
    )
    business.switch_on()
    lost.sweep(TUESDAY + timedelta(days=1))
    return "Customer Lost"


@scenario("customer-birthday")
def a_customer_has_a_birthday(business: GoldenBusiness) -> str:
    birthday = business.create(CustomFieldFactory, name="Birthday", kind=CustomField.Kind.DATE)
    CustomFieldValue.record(business.create_ann(), birthday, "1988-03-04")
    business.switch_on(birthday_field=birthday)
    birthdays.sweep(TUESDAY)
    return "Customer Birthday"


@scenario("order-returned-backfilled")
def a_past_return_is_backfilled(business: GoldenBusiness) -> str:
    ann = business.create_ann()
    order = business.create_order(ann)
    carla = EmployeeFactory.create(business=business.record, name="Carla Counter II")
    order.return_to_customer(by=carla)
    integration = business.switch_on(muted=["Order Line Item Returned"])
    backfill.request_backfill(integration.pk, TUESDAY.date(), None, TUESDAY + timedelta(hours=1))
    run_jobs(TUESDAY)
    return "Order Returned"
