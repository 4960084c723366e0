"""The customer's details, and whether to send them emails and texts."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from customers.account.forms import ADDRESS_FIELDS, DetailsForm, MessageChoicesForm
from customers.account.login import customer_view
from customers.account.rendering import account_page, redirect_home
from customers.models import Customer


@customer_view
def details(request: HttpRequest, customer: Customer) -> HttpResponse:
    form = DetailsForm(request.POST if request.method == "POST" else None, customer=customer)
    if form.is_valid():
        save_details(customer, form)
        return redirect_home("Your details are saved.")
    return account_page(request, customer, "details", form=form)


@transaction.atomic
def save_details(customer: Customer, form: DetailsForm) -> None:
    """Save only what the customer changed."""
    customer.lock("business")
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


@customer_view
def messages(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Show the choice of emails and texts.

    It has a form of its own, so that an error in other details keeps nobody from opting out.
    """
    form = MessageChoicesForm(request.POST if request.method == "POST" else None, customer=customer)
    if form.is_valid():
        save_message_choices(customer, form)
        return redirect_home("Your choice is saved.")
    return account_page(request, customer, "messages", form=form)


@transaction.atomic
def save_message_choices(customer: Customer, form: MessageChoicesForm) -> None:
    customer.lock("business")
    for field in form.changed_data:
        setattr(customer, field, form.cleaned_data[field])
    if form.changed_data:
        customer.save(update_fields=form.changed_data)
