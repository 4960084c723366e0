"""Schedule a pickup, cancel one, and ask for regular pickups."""

from datetime import date
from uuid import UUID

from django.db import transaction
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
    data = request.POST if request.method == "POST" else None
    form = PickupForm(data, customer=customer, initial={"shown_at": timezone.now().timestamp()})
    if form.is_valid() and form.asks_for_address:
        save_address(customer, {field: form.cleaned_data[field] for field in ADDRESS_FIELDS})
    if form.is_valid() and schedule_once(customer, form.cleaned_data["pickup_date"], form):
        day = full_date(form.cleaned_data["pickup_date"], customer.business.clock)
        return redirect_home(f"Your pickup on {day} is scheduled.")
    return account_page(request, customer, "schedule_pickup", form=form)


@transaction.atomic
def save_address(customer: Customer, address: dict[str, str]) -> None:
    """Save where to pick up. It stays saved when the chosen day is refused."""
    customer.lock("business")
    for field, value in address.items():
        setattr(customer, field, value)
    customer.country = customer.country or customer.business.country
    customer.save(update_fields=[*address, "country"])


def schedule_once(customer: Customer, day: date, form: PickupForm) -> bool:
    """Return whether this form scheduled the pickup. If not, the field's error says why."""
    try:
        customer.schedule_pickup(day, by=PickupRequest.ScheduledBy.CUSTOMER)
    except ActionRefused as refusal:
        if refusal.code == "scheduled_already":
            scheduled = customer.pickup_requests.filter(
                pickup_date=day, status=PickupRequest.Status.SCHEDULED
            ).first()
            if scheduled and form.has_scheduled(scheduled):
                return True
        form.add_error("pickup_date", error_message(refusal))
        return False
    return True


@customer_view
def cancel(request: HttpRequest, customer: Customer, pickup: UUID) -> HttpResponse:
    """Ask on GET, cancel on POST."""
    request_to_cancel = customer.pickup_requests.filter(uuid=pickup).first()
    if request_to_cancel is None:
        return anonymous_page(request, "not_found", 404)
    if request.method == "POST" and request_to_cancel.status != PickupRequest.Status.CANCELED:
        cancel_once(request_to_cancel)
    if request_to_cancel.status == PickupRequest.Status.CANCELED:
        day = full_date(request_to_cancel.pickup_date, customer.business.clock)
        return redirect_home(f"Your pickup on {day} is canceled.")
    return account_page(
        request,
        customer,
        "cancel_pickup",
        pickup=request_to_cancel,
        has_day_passed=request_to_cancel.pickup_date < customer.business.today(),
    )


def cancel_once(pickup: PickupRequest) -> None:
    """Cancel the pickup. Idempotent: somebody else may have canceled it, or pressed twice."""
    try:
        pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)
    except ActionRefused as refusal:
        if refusal.code != "canceled_already":
            raise


@customer_view
def regular_pickups(request: HttpRequest, customer: Customer) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = RegularForm(data, initial={field: getattr(customer, field) for field in ADDRESS_FIELDS})
    if form.is_valid():
        request_regular_pickups_once(customer, form)
        return redirect_home(
            "You asked for regular pickups. We will let you know if one of our routes can include "
            "your address."
        )
    return account_page(
        request, customer, "regular_pickups", form=form, **regular_pickup_state(customer)
    )


def request_regular_pickups_once(customer: Customer, form: RegularForm) -> None:
    """Ask for regular pickups. Idempotent: the button may be pressed twice."""
    try:
        customer.request_regular_pickups(
            address=form.address(customer.country or customer.business.country)
        )
    except ActionRefused as refusal:
        if refusal.code != "requested_already":
            raise
