"""Having a van come by: on a day, not on that day, or regularly."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from customers.account.error_messages import error_message, full_date
from customers.account.forms import ADDRESS_FIELDS, PickupForm, RegularForm
from customers.account.home import regular_pickup_state
from customers.account.login import customer_view
from customers.account.rendering import account_page, anonymous_page, redirect_home
from customers.errors import ActionRefused
from customers.models import Customer, PickupRequest


@customer_view
def schedule(request: HttpRequest, customer: Customer) -> HttpResponse:
    said = request.POST if request.method == "POST" else None
    form = PickupForm(
        said, today=customer.business.today(), initial={"shown": timezone.now().timestamp()}
    )
    if form.is_valid() and schedule_on(customer, form.cleaned_data["pickup_date"], form):
        return redirect_home(
            f"Your pickup on {full_date(form.cleaned_data['pickup_date'])} is scheduled."
        )
    return account_page(request, customer, "schedule", form=form)


def schedule_on(customer: Customer, day: date, form: PickupForm) -> bool:
    """Whether there is now a pickup on that day because of this form; why not stands at its field."""
    try:
        customer.schedule_pickup(day, by=PickupRequest.ScheduledBy.CUSTOMER)
    except ActionRefused as refusal:
        if refusal.code == "scheduled_already":
            there = customer.pickup_requests.filter(
                pickup_date=day, status=PickupRequest.Status.SCHEDULED
            ).first()
            if there and form.made_since_shown(there):
                return True
        form.add_error("pickup_date", error_message(refusal))
        return False
    return True


@customer_view
def cancel(request: HttpRequest, customer: Customer, pickup: UUID) -> HttpResponse:
    """Ask first: the button of the question is what cancels."""
    found = customer.pickup_requests.filter(uuid=pickup).first()
    if found is None:
        return anonymous_page(request, "missing", 404)
    if request.method == "POST" and found.status != PickupRequest.Status.CANCELED:
        cancel_once(found)
    if found.status == PickupRequest.Status.CANCELED:
        return redirect_home(f"Your pickup on {full_date(found.pickup_date)} is canceled.")
    return account_page(
        request,
        customer,
        "cancel",
        pickup=found,
        over=found.pickup_date < customer.business.today(),
    )


def cancel_once(pickup: PickupRequest) -> None:
    """Pressed twice, or canceled by somebody else meanwhile, is as good."""
    try:
        pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)
    except ActionRefused as refusal:
        if refusal.code != "canceled_already":
            raise


@customer_view
def regular_pickups(request: HttpRequest, customer: Customer) -> HttpResponse:
    said = request.POST if request.method == "POST" else None
    form = RegularForm(said, initial={field: getattr(customer, field) for field in ADDRESS_FIELDS})
    if form.is_valid():
        request_regular_pickups_once(customer, form)
        return redirect_home(
            "You asked for regular pickups. We will let you know whether our van can come by regularly."
        )
    return account_page(request, customer, "regular", form=form, **regular_pickup_state(customer))


def request_regular_pickups_once(customer: Customer, form: RegularForm) -> None:
    """Pressed twice is as good."""
    try:
        customer.request_regular_pickups(
            address=form.address(customer.country or customer.business.country)
        )
    except ActionRefused as refusal:
        if refusal.code != "requested_already":
            raise
