"""On a customer's page: what the customer turned off is turned on only with their consent."""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold import widgets

from customers import search
from customers.admin_base import ReadOnlyAdmin, ScopedAdmin
from customers.clock_in_use import clock_in_use
from customers.errors import ActionRefused
from customers.models import Consent, Customer
from customers.models.consent import MAX_GIVEN_BY_LENGTH, MAX_HOW_LENGTH, check_given_at
from customers.time_forms import LocalDateTimeField, day_formats

if TYPE_CHECKING:
    _CustomerForm = forms.ModelForm[Customer]
else:
    _CustomerForm = forms.ModelForm

CONSENT_FIELDS: Final = ("consent_given_by", "consent_given_at", "consent_how")
ASK: Final = (
    "The customer turned this off. To turn it on, say below who asked for it, when and how."
)
ENTER_THIS: Final = "Enter this, or leave off what the customer turned off."


class ConsentForm(_CustomerForm):
    """The form of a customer who turned off emails or texts."""

    consent_given_by = forms.CharField(
        label="Who wants it on again",
        max_length=MAX_GIVEN_BY_LENGTH,
        required=False,
        help_text="The customer turned off what is off. Fill in these three to turn it on.",
        widget=widgets.UnfoldAdminTextInputWidget,
    )
    consent_given_at = LocalDateTimeField(
        label="When they said so",
        required=False,
        widget=widgets.UnfoldAdminSplitDateTimeWidget,
    )
    consent_how = forms.CharField(
        label="How they said so",
        max_length=MAX_HOW_LENGTH,
        required=False,
        help_text='Such as "asked at the counter".',
        widget=widgets.UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The class is made before anybody's clock is known.
        given_at: Any = self.fields["consent_given_at"]
        given_at.fields[0].input_formats = day_formats()
        self.opted_out = self.instance.opted_out
        self.opted_out_at = {
            choice: getattr(self.instance, self.instance.opted_out_columns[choice])
            for choice in self.opted_out
        }

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        turned_on = self.turned_on
        for choice in turned_on:
            if not all(data.get(name) for name in CONSENT_FIELDS):
                self.add_error(choice, ASK)
        for name in CONSENT_FIELDS if turned_on else ():
            if not data.get(name) and name not in self.errors:
                self.add_error(name, ENTER_THIS)
        if turned_on and data.get("consent_given_at"):
            self._check_time(data, turned_on)
        return data

    @property
    def turned_on(self) -> list[str]:
        """Return the choices that the customer turned off and the form turns on."""
        # While the form is cleaned, the record is as stored; afterwards, as entered.
        return [name for name in self.opted_out if self.cleaned_data.get(name)]

    def _check_time(self, data: dict[str, Any], turned_on: list[str]) -> None:
        try:
            data["consent_given_at"] = check_given_at(
                data["consent_given_at"], max(self.opted_out_at[choice] for choice in turned_on)
            )
        except ActionRefused as refusal:
            self.add_error("consent_given_at", str(refusal).partition(". The server's")[0])

    def record(self, by: str) -> None:
        data = self.cleaned_data
        Consent.objects.create(
            business=self.instance.business,
            customer=self.instance,
            choices=self.turned_on,
            given_by=data["consent_given_by"],
            given_at=data["consent_given_at"],
            how=data["consent_how"],
            recorded_by=by,
        )


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    ordering = ("-pk",)
    list_display = ("customer", "business", "choices_in_words", "given_by", "given_at", "how")
    list_select_related = ("customer", "business")
    fields = readonly_fields = (
        "customer",
        "choices_in_words",
        "given_by",
        "given_at",
        "how",
        "recorded_by",
        "recorded_at",
    )
    found_by = search.about_customers

    @admin.display(description="wants")
    def choices_in_words(self, consent: Consent) -> str:
        return consent.choices_in_words


class AsksForConsent(ScopedAdmin):
    """The page of customers, which asks for consent where it is needed."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None and obj.opted_out:
            kwargs["form"] = ConsentForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        if obj is None:
            return fields
        # By the times and not by the choices, which a form with errors has changed in memory.
        times = [name for name in Customer.opted_out_columns.values() if getattr(obj, name)]
        return (*fields, *times, *(("consents",) if obj.consents.exists() else ()))

    @admin.display(description="consents to emails and texts")
    def consents(self, customer: Customer) -> SafeString:
        """Write each consent, the latest first."""
        clock = clock_in_use() or customer.business.clock
        return format_html_join(
            mark_safe("<br>"),
            "{}: {} wants {} ({}). Recorded by {}.",
            (
                (
                    clock.moment(consent.given_at),
                    consent.given_by,
                    consent.choices_in_words,
                    consent.how,
                    consent.recorded_by,
                )
                for consent in customer.consents.order_by("-id")
            ),
        )

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        if isinstance(form, ConsentForm) and form.turned_on:
            form.record(str(request.user))
        super().save_model(request, obj, form, change)
