"""Checks that a user sees and changes nothing of another business on any page of the admin.

Pages are found, not listed, so a new page is checked without a new test.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import models, transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, reverse

from customers.admin_base import ScopedAdmin
from customers.models import Brand, Business, Customer
from events.models import SendLog
from smrt_integration.api.models import ApiKey
from smrt_integration.exports.models import Export
from smrt_integration.imports.models import CustomerImport
from tests.admin.conftest import logged_in
from tests.admin.forms import form_values
from tests.admin.sample_business import SECOND_ID, UNUSED_ID, SampleBusiness

ROW_PAGES = ("change", "delete", "history", "")
"""Django's pages of one row; the last redirects to the first."""
RANDOM_PARTS = re.compile(
    r'csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"|csrftoken=\w+'
    "|[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"
)
"""What differs from one response to the next."""
STANDARD_PAGES = ("changelist", "add", "change", "delete", "history")


@dataclass(frozen=True)
class PageCall:
    """How to request one of our own pages.

    `model` is of the row whose id is in the address; `names` are the parameters that hold the id
    of a row, `searches` those that search for one.
    """

    model: type[models.Model] | None = None
    names: Mapping[str, type[models.Model]] = field(default_factory=dict)
    searches: tuple[str, ...] = ()
    posted: Mapping[str, str] = field(default_factory=dict)
    helpers_may_post: bool = False


MESSAGES: dict[str, Any] = {
    "names": {"business": Business, "brand": Brand},
    "searches": ("q", "business"),
}
OWN_PAGES: Mapping[str, PageCall] = {
    "index": PageCall(names={"business": Business}, searches=("q", "business")),
    "customers_customer_timeline": PageCall(Customer),
    "customers_customer_links": PageCall(Customer),
    "events_integration_waiting": PageCall(Business),
    "events_integration_held": PageCall(Business),
    "events_integration_sync": PageCall(Business),
    "events_integration_backfill": PageCall(Business),
    "events_integration_again": PageCall(Business),
    "events_integration_preview": PageCall(Business, names={"customer": Customer}, searches=("q",)),
    "events_integration_test": PageCall(Business),
    "events_outgoing_changelist": PageCall(**MESSAGES),
    "events_sendlog_changelist": PageCall(
        **MESSAGES, posted={"action": "send_again"}, helpers_may_post=True
    ),
    "events_sendlog_export": PageCall(**MESSAGES, helpers_may_post=True),
    "events_sendlog_resend": PageCall(**MESSAGES, helpers_may_post=True),
    "events_sendlog_resend_one": PageCall(SendLog, helpers_may_post=True),
    "smrt_integration_apikey_revoke": PageCall(ApiKey),
    "smrt_integration_export_download": PageCall(Export),
    "smrt_integration_customerimport_refused": PageCall(CustomerImport),
}
PAGE_UNKNOWN = (
    "{name}: say in OWN_PAGES (tests/admin/tenancy_checks.py) which row's id its address takes, "
    "which of its parameters name a row or search for one, and whether helpers may post to it."
)


def response_text(response: Any) -> str:
    """Return headers and content, also of a streamed export, and messages for the next page."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    messages = " ".join(str(message) for message in get_messages(response.wsgi_request))
    return f"{response.headers} {messages} {content.decode()}"


@dataclass
class PageTenancyChecks:
    """Requests pages as `user`, a member of `mine` and not of `theirs`, and collects `faults`.

    With `only`, the checks look at the pages of these models.
    """

    user: User
    mine: SampleBusiness
    theirs: SampleBusiness
    site: Any = admin.site
    faults: list[str] = field(default_factory=list)
    only: tuple[type[models.Model], ...] = ()
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = logged_in(self.user)
        self.request = HttpRequest()
        self.request.user = self.user

    # which pages there are

    def scoped(self) -> Iterator[tuple[type[models.Model], Any]]:
        """Return the pages that owners may view, whatever class serves them."""
        for model, options in sorted(
            self.site._registry.items(), key=lambda item: item[0]._meta.label
        ):
            if self.only and model not in self.only:
                continue
            if isinstance(options, ScopedAdmin) or options.has_view_permission(self.request):
                yield model, options

    def own_page_names(self) -> Iterator[str]:
        """Return the names of the pages that an admin adds to Django's."""
        for model, options in self.site._registry.items():
            for pattern in options.get_urls():
                if (
                    isinstance(pattern, URLPattern)
                    and pattern.name
                    and pattern.name not in self.standard(model)
                ):
                    yield pattern.name

    def standard(self, model: type[models.Model]) -> list[str]:
        return [
            f"{model._meta.app_label}_{model._meta.model_name}_{page}" for page in STANDARD_PAGES
        ]

    def address(self, model: type[models.Model], page: str, *ids: Any) -> str:
        address = reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_{page or 'change'}",
            args=ids,
        )
        return address if page else address.removesuffix("change/")

    def row_id(self, sample: SampleBusiness, model: type[models.Model]) -> int:
        row = sample.rows(model).first()
        assert row is not None, (
            f"Add a row of {model._meta.label} to SampleBusiness (tests/admin/sample_business.py)."
        )
        row_id: int = row.pk
        return row_id

    # requests, and what is wrong with the responses

    def request_page(
        self,
        address: str,
        values: Mapping[str, Any] | None = None,
        post: bool = False,
        statuses: tuple[int, ...] = (200,),
    ) -> Any:
        response = (
            self.client.post(address, values)
            if post
            else self.client.get(address, values, follow=True)
        )
        traces = set(
            re.findall(rf"(?i){self.theirs.mark}|{self.theirs.numbers}", response_text(response))
        )
        self._report(bool(traces), f"{address} {values or ''} shows {traces}")
        self._report(
            response.status_code not in statuses,
            f"{address} {values or ''} returns {response.status_code}",
        )
        return response

    def compare(
        self,
        address: str,
        row_id: int,
        values: Mapping[str, Any] | None = None,
        post: bool = False,
    ) -> None:
        """Compare the responses for another business's row and for a row that does not exist.

        ROW_ID in the address and the values is replaced by each row's id. The responses must not
        differ.
        """
        results = []
        for used_id in (row_id, UNUSED_ID):
            used_values = {
                name: str(used_id) if value == "ROW_ID" else value
                for name, value in (values or {}).items()
            }
            with transaction.atomic():
                response = (self.client.post if post else self.client.get)(
                    address.replace("ROW_ID", str(used_id)), used_values
                )
                transaction.set_rollback(True)
            self.client.cookies.pop("messages", None)
            text = RANDOM_PARTS.sub("", response_text(response))
            results.append((response.status_code, text.replace(str(used_id), "ROW_ID")))
        differing = [
            f"{a[:200]} / {b[:200]}"
            for a, b in zip(*(text.splitlines() for _, text in results), strict=False)
            if a != b
        ]
        self._report(
            results[0] != results[1],
            f"{address} {values or ''} tells another's row from none: {differing[:3]}",
        )
        self._report(
            self.theirs.mark.lower() in results[0][1].lower(),
            f"{address} {values or ''} shows {self.theirs.mark}",
        )
        self._report(results[0][0] >= 500, f"{address} {values or ''} returns {results[0][0]}")

    def _report(self, is_fault: bool, sentence: str) -> None:
        if is_fault:
            self.faults.append(re.sub(r"'csrfmiddlewaretoken'.*?, ", "", sentence))

    # the checks

    def lists(self) -> None:
        for model, _ in self.scoped():
            address = self.address(model, "changelist")
            changelist = (self.request_page(address).context or {}).get("cl")
            for values in (
                {"q": self.theirs.mark[:-1]},
                {"q": self.mine.mark, "_popup": "1", "_to_field": "id"},
                {"o": "1"},
                {"all": ""},
            ):
                self.request_page(address, values, statuses=(200, 400))
            for spec in getattr(changelist, "filter_specs", ()):
                self._filters(address, spec, changelist)

    def lists_without_filters(self) -> None:
        """Open the lists only. The filters are the same for everybody who sees a list."""
        for model, _ in self.scoped():
            self.request_page(self.address(model, "changelist"))
            self.request_page(self.address(model, "changelist"), {"q": self.theirs.mark[:-1]})

    def _filters(self, address: str, spec: Any, changelist: Any) -> None:
        for choice in spec.choices(changelist):
            for name, form_field in getattr(choice.get("form"), "fields", {}).items():
                if hasattr(form_field, "queryset"):
                    continue
                for value, _ in getattr(form_field, "choices", ()):
                    self.request_page(address, {name: value})
            if "query_string" in choice:
                self.request_page(address + choice["query_string"])
        if getattr(getattr(spec, "field", None), "is_relation", False):
            row_id = self.row_id(self.theirs, spec.field.remote_field.model)
            self.compare(address, row_id, {spec.lookup_kwarg: "ROW_ID"})

    def lookups(self) -> None:
        """Put lookups into the address that no page offers."""
        for model, _ in self.scoped():
            relations: list[Any] = [
                column for column in model._meta.concrete_fields if column.is_relation
            ]
            for relation in relations:
                values = {f"{relation.name}__name__startswith": self.theirs.mark[:-1]}
                self.request_page(self.address(model, "changelist"), values, statuses=(200, 400))
                if (
                    relation.remote_field.model in self.site._registry
                    and self.theirs.rows(relation.remote_field.model).exists()
                ):
                    row_id = self.row_id(self.theirs, relation.remote_field.model)
                    self.compare(
                        self.address(model, "changelist"), row_id, {relation.name: "ROW_ID"}
                    )
                    self.compare(self.address(model, "add"), row_id, {relation.name: "ROW_ID"})

    def rows(self) -> None:
        """Open every page of one's own rows."""
        for model, options in self.scoped():
            row = self.mine.rows(model).first()
            opens = {
                "add": options.has_add_permission(self.request),
                "delete": options.has_delete_permission(self.request, row),
            }
            for page in ("add", *ROW_PAGES):
                row_ids = [] if page == "add" else [self.row_id(self.mine, model)]
                self.request_page(
                    self.address(model, page, *row_ids),
                    statuses=(200,) if opens.get(page, True) else (403,),
                )

    def others_rows(self) -> None:
        for model, _ in self.scoped():
            for page in ROW_PAGES:
                for post in (False, True):
                    self.compare(
                        self.address(model, page, SECOND_ID).replace(str(SECOND_ID), "ROW_ID"),
                        self.row_id(self.theirs, model),
                        post=post,
                    )
            self.compare(
                self.address(model, "change", SECOND_ID).replace(str(SECOND_ID), "ROW_ID")
                + "?_to_field=id",
                self.row_id(self.theirs, model),
            )

    def choices(self) -> None:
        """Request every autocomplete that the address allows, whether a form has it or not."""
        address = reverse("admin:autocomplete")
        for model in apps.get_models():
            for relation in (
                column for column in model._meta.concrete_fields if column.is_relation
            ):
                values = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": relation.name,
                }
                for term in ("", self.theirs.mark[:-1]):
                    self.request_page(address, {**values, "term": term}, statuses=(200, 403, 404))

    def own_views(self, post: bool = False) -> None:
        for name, call in OWN_PAGES.items():
            address = reverse(f"admin:{name}", args=[SECOND_ID] if call.model else []).replace(
                str(SECOND_ID), "ROW_ID"
            )
            posted = dict(call.posted) if post else {}
            if call.model:
                self.compare(address, self.row_id(self.theirs, call.model), posted, post=post)
                address = address.replace("ROW_ID", str(self.row_id(self.mine, call.model)))
            if not post:
                self.request_page(address, statuses=(200, 403, 405))
            for parameter in call.searches:
                self.request_page(
                    f"{address}?{parameter}={self.theirs.mark[:-1]}", statuses=(200, 403, 404, 405)
                )
            for parameter, model in call.names.items():
                self.compare(
                    f"{address}?{parameter}=ROW_ID",
                    self.row_id(self.theirs, model),
                    posted,
                    post=post,
                )

    def own_views_posted(self) -> None:
        self.own_views(post=True)

    def actions(self) -> None:
        for model, options in self.scoped():
            address, row_id = self.address(model, "changelist"), self.row_id(self.theirs, model)
            own_action = OWN_PAGES.get(self.standard(model)[0], PageCall()).posted.get("action")
            for name in filter(None, [*options.get_actions(self.request), own_action]):
                for more in ({}, {"post": "yes"}, {"post": "yes", "select_across": "1"}):
                    self.compare(
                        address,
                        row_id,
                        {"action": name, "_selected_action": "ROW_ID", "index": "0", **more},
                        post=True,
                    )

    def forms(self) -> None:
        """Submit each form with another business's row in each of its choices."""
        for model, _ in self.scoped():
            address = self.address(model, "change", self.row_id(self.mine, model))
            page = self.client.get(address)
            unchanged = form_values(page.content.decode(), f"{model._meta.model_name}_form")
            for name, choice in self._choices_of(page):
                if name in unchanged:
                    self.compare(
                        address,
                        self.row_id(self.theirs, choice),
                        {**unchanged, name: "ROW_ID"},
                        post=True,
                    )

    def _choices_of(self, page: Any) -> Iterator[tuple[str, type[models.Model]]]:
        context = page.context or {}
        forms = [context["adminform"].form] if context.get("adminform") else []
        forms += [
            form
            for inline in context.get("inline_admin_formsets", ())
            for form in inline.formset.forms
        ]
        for form in forms:
            for name, choice in form.fields.items():
                if hasattr(choice, "queryset"):
                    yield form.add_prefix(name), choice.queryset.model


CHECKS: tuple[Callable[[PageTenancyChecks], None], ...] = (
    PageTenancyChecks.lists,
    PageTenancyChecks.lookups,
    PageTenancyChecks.rows,
    PageTenancyChecks.others_rows,
    PageTenancyChecks.choices,
    PageTenancyChecks.own_views,
    PageTenancyChecks.own_views_posted,
    PageTenancyChecks.actions,
    PageTenancyChecks.forms,
)
