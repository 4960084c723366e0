"""The customer's details, and whether to send them emails and texts."""

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from customers.account.forms import ADDRESS_FIELDS, DetailsForm, MessageChoicesForm
from customers.account.login import customer_view
from customers.account.rendering import account_page, redirect_home
from customers.models import Customer

SAVED: Final = {"details": "Your details are saved.", "messages": "Your choice is saved."}
"""What is said after a save, by template."""


@customer_view
def details(request: HttpRequest, customer: Customer) -> HttpResponse:
    return form_page(request, customer, "details", DetailsForm, save_details)


@customer_view
def messages(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show the choice of emails and texts.

    It has a form of its own, so that an error in other details keeps nobody from opting out.
    """
    return form_page(request, customer, "messages", MessageChoicesForm, save_message_choices)


def form_page(
    request: HttpRequest,
    customer: Customer,
    template: str,
    form_class: type[DetailsForm | MessageChoicesForm],
    save: Callable[[Customer, Any], None],
) -> HttpResponse:
    """Show the form, or save it. What it is compared with cannot change before it is saved."""
    if request.method != "POST":
        return account_page(request, customer, template, form=form_class(customer=customer))
    with transaction.atomic():
        customer.lock("business")
        form = form_class(request.POST, customer=customer)
        if form.is_valid():
            save(customer, form)
            return redirect_home(SAVED[template])
    return account_page(request, customer, template, form=form)


def save_details(customer: Customer, form: DetailsForm) -> None:
    """Save only what the customer changed."""
    changes = {field: form.cleaned_data[field] for field in form.changed_data}
    phone = changes.pop("phone", customer.phone)
    if changes.keys() & set(ADDRESS_FIELDS) and not customer.country:
        changes["country"] = customer.business.country
    # first, as it reloads the customer
    if not customer.has_phone(phone):
        customer.change_phone(phone)
    elif note := customer.note_in(phone):
        changes["phone_note"] = note
    for field, value in changes.items():
        setattr(customer, field, value)
    if changes:
        customer.save(update_fields=[*changes])


def save_message_choices(customer: Customer, form: MessageChoicesForm) -> None:
    fields: list[str] = []
    for choice in form.changed_data:
        fields += customer.choose(choice, form.cleaned_data[choice])
    if fields:
        customer.save(update_fields=fields)
