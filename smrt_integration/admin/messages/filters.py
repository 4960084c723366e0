"""The filter of a list of messages, as it stands in the address: what may be chosen, what was, and the search."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, QueryDict
from unfold import widgets

from customers import access
from customers.models import Brand, Business
from events.catalogue import EVENTS
from events.identify import IDENTIFY
from events.models import Outcome
from events.send_log import search
from events.send_log.filter import MessageFilter, SearchResult
from smrt_integration.delivery.send_test_event import TEST_EVENT

LISTED: Final = 200
"""Businesses in a list to choose from; support, who sees more, types the name."""
DETAILS: Final = "Customer details"
LABELS: Final = {
    "q": "Search",
    "business": "Business",
    "event": "Event",
    "outcome": "Outcome",
    "brand": "Brand",
    "since": "From",
    "until": "To",
}
"""What a filter can say, by its name in the address."""
NAMES: Final = tuple(LABELS)
OUTCOMES: Final = {
    Outcome.ACCEPTED.value: "Accepted by Segment",
    Outcome.REJECTED.value: "Refused",
    Outcome.SKIPPED.value: "Not sent",
    Outcome.EXPIRED.value: "Expired",
}


def name_of(event: str) -> str:
    """As owners read it."""
    return DETAILS if event == IDENTIFY else event


@dataclass(frozen=True, slots=True)
class Chip:
    """Something the list is narrowed by, and the address without it."""

    label: str
    without: str


class FilterForm(forms.Form):
    """Nothing in it is another business's: choices, what they are checked against, and the search."""

    q = forms.CharField(required=False, max_length=200, label="Search")
    event = forms.ChoiceField(required=False, widget=widgets.UnfoldAdminSelectWidget())
    outcome = forms.ChoiceField(
        required=False,
        choices=[("", "All outcomes"), *OUTCOMES.items()],
        widget=widgets.UnfoldAdminSelectWidget(),
        label="What became of it",
    )
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))

    def __init__(self, request: HttpRequest, *, with_outcome: bool) -> None:
        super().__init__(_known(request.GET))
        self.everything = bool(getattr(request.user, "is_superuser", False))
        self.visible = access.businesses_of(request.user)
        self.few = list(self.visible.order_by("name")[: LISTED + 1])
        fields: Any = self.fields
        fields["event"].choices = _events(with_test=with_outcome)
        if not with_outcome:
            del fields["outcome"]
        if len(self.few) > 1:
            fields["business"] = self._businesses()
        self.business = self._business()
        self.brands = list(
            Brand.objects.filter(business__in=self._brands_of())
            .select_related("business")
            .order_by("name")[:LISTED]
        )
        if self.brands:
            fields["brand"] = self._brands()

    def _businesses(self) -> forms.Field:
        if len(self.few) > LISTED:
            return forms.CharField(
                required=False,
                widget=widgets.UnfoldAdminTextInputWidget({"placeholder": "Beginning of its name"}),
            )
        choices = [
            ("", "All businesses"),
            *((str(business.pk), business.name) for business in self.few),
        ]
        return forms.ChoiceField(
            required=False, choices=choices, widget=widgets.UnfoldAdminSelectWidget()
        )

    def _business(self) -> Business | None:
        """The one chosen, or the only one there is; by its id, or by how its name begins."""
        if len(self.few) == 1:
            return self.few[0]
        text = self.data.get("business", "").strip()
        if text.isdigit() and len(text) < 19:
            return self.visible.filter(pk=text).first()
        return (
            self.visible.filter(name__istartswith=text).order_by("name").first() if text else None
        )

    def _brands_of(self) -> list[Business]:
        return [self.business] if self.business else self.few if len(self.few) <= LISTED else []

    def _brands(self) -> forms.Field:
        several = self.business is None
        named = [
            (str(brand.pk), f"{brand.name} ({brand.business.name})" if several else brand.name)
            for brand in self.brands
        ]
        choices = [("", "All brands"), *named, ("0", "No brand")]
        return forms.ChoiceField(
            required=False, choices=choices, widget=widgets.UnfoldAdminSelectWidget()
        )

    def matching(self) -> MessageFilter:
        """What of the filter is understood; of the rest the form has errors."""
        self.is_valid()
        chosen = self.cleaned_data
        businesses = self._scope()
        text = chosen.get("q", "").strip()
        return MessageFilter(
            businesses=businesses,
            event=chosen.get("event", ""),
            outcome=chosen.get("outcome", ""),
            brand_id=int(chosen["brand"]) if chosen.get("brand") else None,
            first_day=chosen.get("since"),
            last_day=chosen.get("until"),
            found=search.find(text, businesses) if text else None,
        )

    def _scope(self) -> tuple[int, ...] | None:
        if self.business or self.data.get("business"):
            return (self.business.pk,) if self.business else ()
        return None if self.everything else tuple(self.visible.values_list("pk", flat=True))

    def chips(self) -> Iterator[Chip]:
        for name in NAMES:
            if name in self.fields and self.data.get(name) and name not in self.errors:
                yield Chip(f"{LABELS[name]}: {self._told(name)}", self.address(**{name: ""}))

    def _told(self, name: str) -> str:
        value = self.cleaned_data[name]
        if name == "business":
            return self.business.name if self.business else str(value)
        if isinstance(value, date):
            return f"{value.day} {value:%B %Y}"
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value))

    def query(self, **changes: str) -> str:
        """What was chosen, as an address has it."""
        chosen = {name: self.data.get(name, "") for name in NAMES if name in self.fields} | changes
        return urlencode({name: value for name, value in chosen.items() if value})

    def address(self, **changes: str) -> str:
        return f"?{self.query(**changes)}"

    def kept(self) -> dict[str, str]:
        return {
            name: self.data[name] for name in NAMES if name in self.fields and self.data.get(name)
        }


def _known(given: QueryDict) -> dict[str, str]:
    return {name: str(given[name]).replace("\0", "") for name in NAMES if name in given}


def _events(*, with_test: bool) -> list[Any]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for event in EVENTS:
        groups.setdefault(event.about, []).append((event.name, event.name))
    others = [(IDENTIFY, DETAILS), *([(TEST_EVENT, TEST_EVENT)] if with_test else [])]
    return [("", "All events"), *groups.items(), ("Others", others)]


def nothing_found(found: SearchResult | None) -> bool:
    return found is not None and not found
