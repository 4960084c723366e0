"""The filter of a list of messages: its form, its values in the address, and the search."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, QueryDict
from unfold import widgets

from customers import access
from customers.business_clock import UTC_CLOCK
from customers.models import Brand, Business
from events.catalogue import EVENTS
from events.identify import IDENTIFY
from events.send_log import search
from events.send_log.filter import MessageFilter, SearchResult
from events.timeline.sentences import title as event_title
from smrt_integration.admin.messages.outcomes import OUTCOME_BADGES
from smrt_integration.delivery.send_test_event import TEST_EVENT

CHOICES_LISTED: Final = 200
"""Businesses, or brands, in a list of choices: a longer list is slow to read and to load.
Support, who sees more businesses, types the beginning of a name."""
FILTER_LABELS: Final = {
    "q": "Search",
    "business": "Business",
    "event": "Event",
    "outcome": "Outcome",
    "brand": "Brand",
    "since": "From",
    "until": "To",
}
"""The label of each filter, by its parameter in the address."""
FILTER_NAMES: Final = tuple(FILTER_LABELS)
OUTCOME_CHOICES: Final = [(outcome, badge.word) for outcome, badge in OUTCOME_BADGES.items()]


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in use, and the address without it."""

    label: str
    without: str


class FilterForm(forms.Form):
    """Offers, accepts and searches nothing but what the user may see."""

    q = forms.CharField(required=False, max_length=200, label="Search")
    event = forms.ChoiceField(required=False, widget=widgets.UnfoldAdminSelectWidget())
    outcome = forms.ChoiceField(
        required=False,
        choices=[("", "All outcomes"), *OUTCOME_CHOICES],
        widget=widgets.UnfoldAdminSelectWidget(),
    )
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))

    def __init__(self, request: HttpRequest, *, with_outcome: bool) -> None:
        super().__init__(_filter_values(request.GET))
        self.sees_everything = bool(getattr(request.user, "is_superuser", False))
        self.visible = access.businesses_of(request.user)
        self.listed = list(self.visible.order_by("name")[: CHOICES_LISTED + 1])
        fields: Any = self.fields
        fields["event"].choices = _event_choices(with_test=with_outcome)
        if not with_outcome:
            del fields["outcome"]
        if len(self.listed) > 1:
            fields["business"] = self._business_field()
        self.business = self._chosen_business()
        self.brands = list(
            Brand.objects.filter(business__in=self._businesses_of_brands())
            .select_related("business")
            .order_by("name")[:CHOICES_LISTED]
        )
        if self.brands:
            fields["brand"] = self._brand_field()

    def _business_field(self) -> forms.Field:
        if len(self.listed) > CHOICES_LISTED:
            return forms.CharField(
                required=False,
                widget=widgets.UnfoldAdminTextInputWidget({"placeholder": "Beginning of the name"}),
            )
        choices = [
            ("", "All businesses"),
            *((str(business.pk), business.name) for business in self.listed),
        ]
        return forms.ChoiceField(
            required=False, choices=choices, widget=widgets.UnfoldAdminSelectWidget()
        )

    def _chosen_business(self) -> Business | None:
        """Return the chosen business, by id or by the beginning of its name, or the only one."""
        if len(self.listed) == 1:
            return self.listed[0]
        text = self.data.get("business", "").strip()
        if text.isdigit() and len(text) < 19:
            return self.visible.filter(pk=text).first()
        return (
            self.visible.filter(name__folded_start=text).order_by("name").first() if text else None
        )

    def _businesses_of_brands(self) -> list[Business]:
        if self.business:
            return [self.business]
        return self.listed if len(self.listed) <= CHOICES_LISTED else []

    def _brand_field(self) -> forms.Field:
        several = self.business is None
        brands = [
            (str(brand.pk), f"{brand.name} ({brand.business.name})" if several else brand.name)
            for brand in self.brands
        ]
        choices = [("", "All brands"), *brands, ("0", "No brand")]
        return forms.ChoiceField(
            required=False, choices=choices, widget=widgets.UnfoldAdminSelectWidget()
        )

    def message_filter(self) -> MessageFilter:
        """Return the filter from the valid fields; the form has errors for the others."""
        self.is_valid()
        chosen = self.cleaned_data
        businesses = self._business_ids()
        text = chosen.get("q", "").strip()
        return MessageFilter(
            businesses=businesses,
            event=chosen.get("event", ""),
            outcome=chosen.get("outcome", ""),
            brand_id=int(chosen["brand"]) if chosen.get("brand") else None,
            first_day=chosen.get("since"),
            last_day=chosen.get("until"),
            search_result=search.search(text, businesses) if text else None,
        )

    def _business_ids(self) -> tuple[int, ...] | None:
        if self.business or self.data.get("business"):
            return (self.business.pk,) if self.business else ()
        return None if self.sees_everything else tuple(self.visible.values_list("pk", flat=True))

    def chips(self) -> Iterator[Chip]:
        for name in FILTER_NAMES:
            if name in self.fields and self.data.get(name) and name not in self.errors:
                label = f"{FILTER_LABELS[name]}: {self._value_label(name)}"
                yield Chip(label, self.address(**{name: ""}))

    def _value_label(self, name: str) -> str:
        value = self.cleaned_data[name]
        if name == "business":
            return self.business.name if self.business else str(value)
        if isinstance(value, date):
            return (self.business.clock if self.business else UTC_CLOCK).day(value)
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value))

    def query(self, **changes: str) -> str:
        """Return the filter in use as the query string of an address."""
        values = {name: self.data.get(name, "") for name in FILTER_NAMES if name in self.fields}
        return urlencode({name: value for name, value in (values | changes).items() if value})

    def address(self, **changes: str) -> str:
        return f"?{self.query(**changes)}"


def _filter_values(query: QueryDict) -> dict[str, str]:
    return {name: str(query[name]).replace("\0", "") for name in FILTER_NAMES if name in query}


def _event_choices(*, with_test: bool) -> list[Any]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for event in EVENTS:
        groups.setdefault(event.heading, []).append((event.name, event.name))
    test_event = [(TEST_EVENT, TEST_EVENT)] if with_test else []
    others = [(IDENTIFY, event_title(IDENTIFY)), *test_event]
    return [("", "All events"), *groups.items(), ("Others", others)]


def is_without_result(result: SearchResult | None) -> bool:
    """Return whether a search was made that found neither a customer nor a message."""
    return result is not None and not result
