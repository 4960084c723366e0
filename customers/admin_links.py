"""Revoke the links to customers' accounts, from a customer's page or for several from the list.

Both ask for confirmation.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from customers.admin_base import ScopedAdmin
from customers.errors import ActionRefused
from customers.models import Customer

MAX_CUSTOMERS_AT_ONCE: Final = 100
"""Two pages of the list. Revoking the links of a whole business by mistake would make all its
customers ask for new ones."""


class AccountLinksAdmin(ScopedAdmin):
    actions = ("revoke_account_links",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.links_view)
        return [
            path("<int:customer_id>/links/", view, name="customers_customer_links"),
            *super().get_urls(),
        ]

    def links_view(self, request: HttpRequest, customer_id: int) -> HttpResponseBase:
        customer = (
            self.get_queryset(request).filter(pk=customer_id).first()
            if customer_id < 2**63
            else None
        )
        if customer is None:
            return self.not_found(request, customer_id)
        if not self.has_change_permission(request, customer):
            raise PermissionDenied
        back = reverse("admin:customers_customer_change", args=[customer.pk])
        if request.method != "POST":
            return self._confirm(request, [customer], back)
        self._revoke(request, [customer])
        return HttpResponseRedirect(back)

    @admin.action(description="Revoke links to the account", permissions=["change"])
    def revoke_account_links(
        self, request: HttpRequest, customers: QuerySet[Customer]
    ) -> HttpResponse | None:
        chosen = list(
            customers.filter(pk__in=self.managed_rows(request))[: MAX_CUSTOMERS_AT_ONCE + 1]
        )
        if not chosen:
            return None
        if len(chosen) > MAX_CUSTOMERS_AT_ONCE:
            messages.warning(
                request,
                f"No links were revoked. Select at most {MAX_CUSTOMERS_AT_ONCE} customers.",
            )
            return None
        if "post" not in request.POST:
            return self._confirm(request, chosen, request.get_full_path())
        self._revoke(request, chosen)
        return None

    def _confirm(
        self, request: HttpRequest, customers: Sequence[Customer], back: str
    ) -> HttpResponse:
        context = {
            **self.page_context(request),
            "back": back,
            "title": "Links to the account",
            "customers": customers,
            "accounts": accounts_of(customers),
        }
        return TemplateResponse(request, "admin/customers/customer/links.html", context)

    def _revoke(self, request: HttpRequest, customers: Sequence[Customer]) -> None:
        for customer in customers:
            # Refused when the customer was deleted meanwhile.
            with suppress(ActionRefused):
                customer.revoke_links()
                self.log_change(request, customer, "Revoked every link to the account.")
        messages.success(
            request,
            f"Links to {accounts_of(customers)} that were sent until now no longer work."
            " New messages contain a new link.",
        )


def accounts_of(customers: Sequence[Any]) -> str:
    return (
        f"the account of {customers[0]}"
        if len(customers) == 1
        else f"the accounts of {len(customers)} customers"
    )
