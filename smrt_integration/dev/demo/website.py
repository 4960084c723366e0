"""What customers do by themselves, on the website and by answering texts."""

from random import Random

from customers.models import Customer, CustomField, CustomFieldValue, PickupRequest
from smrt_integration.dev.demo.businesses import Firm
from smrt_integration.dev.demo.people import address, person
from smrt_integration.dev.demo.places import email
from smrt_integration.dev.demo.whom import pick, some_customer, some_pickup, soon

REFERRALS = ("A friend", "Search engine", "Walked by", "Flyer")


def sign_up(firm: Firm, random: Random) -> str | None:
    details = person(firm, random, random.randrange(1000)) | {"agent": None, "group": None, "discount": None}
    customer = Customer.sign_up(firm.business, source=Customer.Source.WEBSITE, **details)
    return f"{customer} signed up on the website"


def schedule_pickup(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    pickup = PickupRequest.schedule(customer, soon(firm, random), by=PickupRequest.ScheduledBy.CUSTOMER)
    return f"{customer} scheduled a pickup for {pickup.pickup_date} on the website"


def cancel_pickup(firm: Firm, random: Random) -> str | None:
    pickup = some_pickup(firm, random)
    if pickup is None:
        return None
    pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)
    return f"{pickup.customer} canceled the pickup on {pickup.pickup_date} on the website"


def answer_no(firm: Firm, random: Random) -> str | None:
    """To the nightly text that asks whether the van shall come."""
    pickup = some_pickup(firm, random)
    if pickup is None:
        return None
    pickup.cancel(via=PickupRequest.CanceledVia.TEXT)
    return f"{pickup.customer} answered No to the text about the pickup on {pickup.pickup_date}"


def answer_yes(firm: Firm, random: Random) -> str | None:
    pickup = some_pickup(firm, random)
    if pickup is None:
        return None
    pickup.customer.answered_text()
    return f"{pickup.customer} answered Yes to the text about the pickup on {pickup.pickup_date}"


def request_regular_pickups(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    customer.request_regular_pickups()
    return f"{customer} asked to be added to a regular route"


def change_email(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    customer.email = email(customer.first_name, customer.last_name, random.randrange(1000))
    customer.save(update_fields=["email"])
    return f"{customer} gave another email address"


def change_phone(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    customer.change_phone(firm.demo.place.phone(random.randrange(1000)))
    return f"{customer} gave another telephone number"


def move(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    details = address(firm.demo.place, random)
    for field, value in details.items():
        setattr(customer, field, value)
    customer.save(update_fields=[*details])
    return f"{customer} moved to {customer.street}"


def answer_question(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    question = pick(CustomField.objects.filter(business=firm.business, kind=CustomField.Kind.TEXT), random)
    if customer is None or question is None:
        return None
    CustomFieldValue.record(customer, question, random.choice(REFERRALS))
    return f"{customer} answered the question {question}"
