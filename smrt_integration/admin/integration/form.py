"""The settings of the integration, as its page shows them."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.text import slugify
from unfold import widgets

from customers.clock_in_use import hour_choices
from customers.models import CustomField
from customers.number_forms import WholeNumberFormField
from events.catalogue import EVENTS
from events.definitions.definition import EventDefinition
from events.encryption import Unreadable
from events.models import Integration, Region
from events.models.integration import day_limit_validators, write_key_validator

if TYPE_CHECKING:
    IntegrationModelForm = forms.ModelForm[Integration]
else:
    IntegrationModelForm = forms.ModelForm

REGIONS: Final = {
    Region.US: "United States (the default)",
    Region.EU: "European Union (only if your workspace was created there)",
}
LIMIT_LABELS: Final = {
    "weekly_limit": "Weekly customers",
    "bi_weekly_limit": "Bi-weekly customers",
    "monthly_limit": "Monthly customers",
    "irregular_limit": "All others",
}


def switch_field(**options: Any) -> forms.BooleanField:
    return forms.BooleanField(
        required=False, widget=widgets.UnfoldBooleanSwitchWidget({"role": "switch"}), **options
    )


def days_field(label: str) -> WholeNumberFormField:
    return WholeNumberFormField(
        label=label,
        validators=day_limit_validators,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
    )


def switch_name(event: type[EventDefinition]) -> str:
    """Return the name of the event's switch in the form: send_order_ready."""
    return f"send_{slugify(event.name).replace('-', '_')}"


class IntegrationForm(IntegrationModelForm):
    """The stored write key is never sent to the page, not even after an error."""

    enabled = switch_field(label="Send to Segment")
    write_key = forms.CharField(
        required=False,
        label="Write key",
        validators=[write_key_validator],
        widget=widgets.UnfoldAdminPasswordWidget(
            {"autocomplete": "off", "maxlength": "64", "aria-describedby": "id_write_key_helptext"}
        ),
    )
    region = forms.ChoiceField(
        choices=list(REGIONS.items()), label="Region", widget=widgets.UnfoldAdminRadioSelectWidget()
    )
    weekly_limit, bi_weekly_limit, monthly_limit, irregular_limit = (
        days_field(label) for label in LIMIT_LABELS.values()
    )
    birthday_field = forms.ModelChoiceField(
        queryset=CustomField.objects.none(),
        required=False,
        label="Custom field with the birthday",
        empty_label="None (send no birthdays)",
        error_messages={"invalid_choice": "Choose one of your custom fields that hold a date."},
        widget=widgets.UnfoldAdminSelectWidget(),
    )
    birthday_hour = forms.TypedChoiceField(
        coerce=int,
        choices=[(hour, str(hour)) for hour in range(24)],
        label="Send at",
        widget=widgets.UnfoldAdminSelectWidget(),
    )
    retention_months = WholeNumberFormField(
        label="Months to keep",
        min_value=1,
        max_value=120,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
    )

    class Meta:
        model = Integration
        fields = (
            "enabled",
            "write_key",
            "region",
            *LIMIT_LABELS,
            "birthday_field",
            "birthday_hour",
            "retention_months",
        )

    may_change = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for event in EVENTS:
            self.fields[switch_name(event)] = switch_field(
                label=event.name, help_text=event.sent_when
            )
            self.initial[switch_name(event)] = event.name not in self.instance.muted
        self.initial["write_key"] = ""
        self.stored_secrets = {"write_key": str(self.instance.write_key)}
        fields: Any = self.fields
        fields["birthday_field"].queryset = CustomField.objects.filter(
            business_id=self.instance.business_id, kind=CustomField.Kind.DATE
        )
        fields["birthday_hour"].choices = hour_choices(range(24), self.instance.business.clock)
        for field in self.fields.values():
            field.disabled = not self.may_change

    @property
    def changed_columns(self) -> list[str]:
        """The columns to save; the save writes no others."""
        columns = {"muted" if name.startswith("send_") else name for name in self.changed_data}
        return sorted(columns)

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = {**self.cleaned_data}
        for name in (values.keys() - set(self.changed_data)) & set(self.Meta.fields):
            values[name] = getattr(self.instance, name)
        switched = {
            event.name: values[switch_name(event)]
            for event in EVENTS
            if switch_name(event) in self.changed_data
        }
        muted = {event for event in self.instance.muted if not switched.get(event, False)} | {
            event for event, on in switched.items() if not on
        }
        self.instance.muted = [event.name for event in EVENTS if event.name in muted]
        return values

    # For the template.

    def groups(self) -> dict[str, list[Any]]:
        """Return the events' switches by what the events are about."""
        groups: dict[str, list[Any]] = defaultdict(list)
        for event in EVENTS:
            groups[event.heading].append(self[switch_name(event)])
        return dict(groups)

    def limits(self) -> list[Any]:
        return [self[name] for name in LIMIT_LABELS]

    def lost_write_key(self) -> bool:
        """Return whether a write key was entered that the page with the errors does not show."""
        return bool(self.errors and self.data.get("write_key"))

    def key_hint(self) -> str:
        # From the database: the instance may hold what was just entered.
        key = (
            Integration.objects.filter(pk=self.instance.pk)
            .values_list("write_key", flat=True)
            .first()
        )
        if isinstance(key, Unreadable):
            return (
                "The stored key cannot be read any more. Copy it from Segment and enter it again."
            )
        return (
            f"The current key ends in {key[-4:]}. Leave this empty to keep it."
            if key
            else "You have not entered a key yet."
        )
