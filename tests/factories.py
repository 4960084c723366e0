# mypy: allow-untyped-calls
# The declarations of factory_boy have no types for their arguments.
"""Create test records with `XFactory.create(...)`.

Records are saved as in the application, so receivers record their events. Related records are
created for the same business.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    SelfAttribute,
    Sequence,
    SubFactory,
    Trait,
)
from factory.django import DjangoModelFactory

from customers.models import (
    Agent,
    Brand,
    Business,
    Consent,
    Customer,
    CustomerGroup,
    CustomField,
    CustomFieldValue,
    Department,
    Discount,
    Employee,
    IncomingText,
    LineItem,
    Membership,
    NightlyText,
    Order,
    PickupRequest,
    RegularPickupRequest,
    Stop,
    TextSettings,
    Visit,
)
from events.send_log import pages
from events.send_log.filter import MessageFilter
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from smrt_integration.exports.models import Export
from smrt_integration.health.models import Heartbeat
from smrt_integration.imports.models import CustomerImport, ImportLine


def of_same_business(record_factory: type[DjangoModelFactory[Any]], **values: Any) -> Any:
    """Create a related record that belongs to the same business."""
    return SubFactory(record_factory, business=SelfAttribute("..business"), **values)


def business_of_customer() -> Any:
    """Take the business of the record's customer, unless the test passes another."""
    return SelfAttribute("customer.business")


class BusinessFactory(DjangoModelFactory[Business]):
    class Meta:
        model = Business

    name = Sequence("Cleaners {}".format)
    time_zone = "America/Los_Angeles"
    country = "US"
    currency = "USD"


class BrandFactory(DjangoModelFactory[Brand]):
    class Meta:
        model = Brand

    business = SubFactory(BusinessFactory)
    name = Sequence("Brand {}".format)


class AgentFactory(DjangoModelFactory[Agent]):
    class Meta:
        model = Agent

    business = SubFactory(BusinessFactory)
    name = Sequence("Store {}".format)
    kind = Agent.Kind.STORE

    class Params:
        route = Trait(kind=Agent.Kind.ROUTE, name=Sequence("Route {}".format))


class EmployeeFactory(DjangoModelFactory[Employee]):
    class Meta:
        model = Employee

    business = SubFactory(BusinessFactory)
    name = Sequence("Employee {}".format)
    role = Employee.Role.COUNTER

    class Params:
        driver = Trait(role=Employee.Role.DRIVER, name=Sequence("Driver {}".format))


class DepartmentFactory(DjangoModelFactory[Department]):
    class Meta:
        model = Department

    business = SubFactory(BusinessFactory)
    name = Sequence("Department {}".format)


class CustomerGroupFactory(DjangoModelFactory[CustomerGroup]):
    class Meta:
        model = CustomerGroup

    business = SubFactory(BusinessFactory)
    name = Sequence("Group {}".format)


class DiscountFactory(DjangoModelFactory[Discount]):
    class Meta:
        model = Discount

    business = SubFactory(BusinessFactory)
    name = Sequence("Discount {}".format)
    description = "For loyal customers"
    kind = Discount.Kind.PERCENT
    value = Decimal("10.00")


class CustomerFactory(DjangoModelFactory[Customer]):
    """A customer with name, email, phone and address.

    `full=True` adds an agent, a brand, a group and a discount. `bare=True` leaves everything
    empty that may be empty.
    """

    class Meta:
        model = Customer

    business = SubFactory(BusinessFactory)
    first_name = Sequence("Ann{}".format)
    last_name = "Example"
    email = Sequence("ann{}@example.com".format)
    # 555-0100 to 555-0199 are reserved for fiction.
    phone = Sequence(lambda n: f"+1415555{100 + n % 100:04}")
    street = Sequence("{} Example Street".format)
    city = "San Francisco"
    state = "CA"
    postal_code = "94110"
    country = "US"

    class Params:
        bare = Trait(
            first_name="",
            last_name="",
            email="",
            phone="",
            street="",
            city="",
            state="",
            postal_code="",
            country="",
        )
        full = Trait(
            agent=of_same_business(AgentFactory),
            brand=of_same_business(BrandFactory),
            group=of_same_business(CustomerGroupFactory),
            discount=of_same_business(DiscountFactory),
        )
        corporate = Trait(
            kind=Customer.Kind.CORPORATE, company_name=Sequence("Example {} Inc.".format)
        )


class CustomFieldFactory(DjangoModelFactory[CustomField]):
    class Meta:
        model = CustomField

    business = SubFactory(BusinessFactory)
    name = Sequence("Field {}".format)
    kind = CustomField.Kind.TEXT

    class Params:
        birthday = Trait(kind=CustomField.Kind.DATE, name=Sequence("Birthday {}".format))


class CustomFieldValueFactory(DjangoModelFactory[CustomFieldValue]):
    class Meta:
        model = CustomFieldValue

    customer = SubFactory(CustomerFactory)
    field = SubFactory(CustomFieldFactory, business=SelfAttribute("..customer.business"))
    value = "Website"


class OrderFactory(DjangoModelFactory[Order]):
    """An open order of 20.00 without line items. No visit is created; `Order.create` would."""

    class Meta:
        model = Order

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    agent = of_same_business(AgentFactory)
    sold_by = of_same_business(EmployeeFactory)
    subtotal = Decimal("20.00")
    total = Decimal("20.00")

    class Params:
        ready = Trait(status=Order.Status.READY, ready_at=LazyFunction(timezone.now))


class LineItemFactory(DjangoModelFactory[LineItem]):
    class Meta:
        model = LineItem

    order = SubFactory(OrderFactory)
    department = SubFactory(DepartmentFactory, business=SelfAttribute("..order.business"))
    description = "Shirt"
    quantity = 1
    price = Decimal("20.00")


class StopFactory(DjangoModelFactory[Stop]):
    class Meta:
        model = Stop

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    driver = of_same_business(EmployeeFactory, driver=True)
    route = of_same_business(AgentFactory, route=True)
    scheduled_for = LazyAttribute(lambda stop: stop.business.today())


class PickupRequestFactory(DjangoModelFactory[PickupRequest]):
    class Meta:
        model = PickupRequest

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    pickup_date = LazyAttribute(lambda pickup: pickup.business.today() + timedelta(days=1))
    scheduled_by = PickupRequest.ScheduledBy.CUSTOMER


class RegularPickupRequestFactory(DjangoModelFactory[RegularPickupRequest]):
    class Meta:
        model = RegularPickupRequest

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()


class VisitFactory(DjangoModelFactory[Visit]):
    class Meta:
        model = Visit

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    at = LazyFunction(timezone.now)
    day = LazyAttribute(lambda visit: visit.business.today(visit.at))
    visit_type = Visit.Type.STORE


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = Sequence("user{}".format)


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = SubFactory(UserFactory)
    business = SubFactory(BusinessFactory)
    role = Membership.Role.HELPER


class TextSettingsFactory(DjangoModelFactory[TextSettings]):
    """Settings with the nightly text switched on."""

    class Meta:
        model = TextSettings

    business = SubFactory(BusinessFactory)
    enabled = True
    number = Sequence(lambda n: f"+1628555{100 + n % 100:04}")


class NightlyTextFactory(DjangoModelFactory[NightlyText]):
    """A text about tomorrow's pickup that is due now."""

    class Meta:
        model = NightlyText

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    pickup = SubFactory(PickupRequestFactory, customer=SelfAttribute("..customer"))
    pickup_date = SelfAttribute("pickup.pickup_date")
    until = LazyFunction(lambda: timezone.now() + timedelta(hours=1))
    next_at = LazyFunction(timezone.now)


class IncomingTextFactory(DjangoModelFactory[IncomingText]):
    class Meta:
        model = IncomingText

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    sid = Sequence("SM{:032x}".format)
    phone = SelfAttribute("customer.phone")
    body = "When do you open?"
    meaning = "other"
    outcome = "kept"


class ConsentFactory(DjangoModelFactory[Consent]):
    class Meta:
        model = Consent

    customer = SubFactory(CustomerFactory)
    business = business_of_customer()
    choices = ("receive_texts",)
    given_by = "Ann Example"
    given_at = LazyFunction(timezone.now)
    how = "asked at the counter"
    recorded_by = "olivia"


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key without its secret. Tests that need the secret call `ApiKey.issue`."""

    class Meta:
        model = ApiKey

    business = SubFactory(BusinessFactory)
    client = Client.POS
    name = Sequence("Till {}".format)

    @classmethod
    def _create(cls, model_class: type[ApiKey], *args: Any, **values: Any) -> ApiKey:
        key, _ = model_class.issue(**values)
        return key


class HeartbeatFactory(DjangoModelFactory[Heartbeat]):
    class Meta:
        model = Heartbeat

    program = "worker"
    host = "machine"
    pid = Sequence(int)
    started_at = LazyFunction(timezone.now)
    seen_at = LazyFunction(timezone.now)
    clock_difference = 0.0


class ExportFactory(DjangoModelFactory[Export]):
    """An export of everything of one business, of which nothing is written yet."""

    class Meta:
        model = Export

    business = SubFactory(BusinessFactory)
    requested_at = LazyFunction(timezone.now)
    matching = LazyAttribute(lambda export: MessageFilter((export.business.pk,)).as_json())
    filter_in_words = "All messages"
    up_to = LazyFunction(pages.newest_id)
    expected = 0


class CustomerImportFactory(DjangoModelFactory[CustomerImport]):
    """An import of a file with one customer, which waits for its columns."""

    class Meta:
        model = CustomerImport

    business = SubFactory(BusinessFactory)
    requested_by_name = "owner"
    requested_at = LazyFunction(timezone.now)
    kind = CustomerImport.Kind.CSV
    file_name = "customers.csv"
    file = LazyFunction(lambda: ContentFile(b"id,first name\n1,Ada\n", "customers.csv"))
    size = 21
    encoding = "utf-8"
    delimiter = ","
    day_order = CustomerImport.DayOrder.MONTH_FIRST
    assigned = LazyFunction(lambda: [["id", "external_id"], ["first name", "first_name"]])
    position = 14
    line_number = 1


class ImportLineFactory(DjangoModelFactory[ImportLine]):
    """A line that was refused."""

    class Meta:
        model = ImportLine

    customer_import = SubFactory(CustomerImportFactory)
    number = Sequence(lambda n: n + 2)
    outcome = ImportLine.Outcome.REFUSED
    reason = "There is no external ID."
    raw = ",Ada"
