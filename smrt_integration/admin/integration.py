"""The page of a business's integration."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from customers.admin_base import ScopedAdmin
from events import catalogue
from events.encryption import Unreadable
from events.models import Integration
from events.models.integration import write_key_shape

if TYPE_CHECKING:
    IntegrationModelForm = forms.ModelForm[Integration]
else:
    IntegrationModelForm = forms.ModelForm


class IntegrationForm(IntegrationModelForm):
    """The write key is shown as its last four characters, replaced when a new one is entered, and never read back."""

    write_key = forms.CharField(
        required=False,
        validators=[write_key_shape],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Leave empty to keep the present one.",
    )
    muted = forms.MultipleChoiceField(
        required=False,
        choices=[(event.name, event.name) for event in catalogue.EVENTS],
        widget=forms.CheckboxSelectMultiple,
        help_text="Events ticked here are not sent.",
    )

    class Meta:
        model = Integration
        fields = "__all__"

    def clean_write_key(self) -> str:
        return str(self.cleaned_data["write_key"]) or self.instance.write_key


@admin.register(Integration)
class IntegrationAdmin(ScopedAdmin):
    form = IntegrationForm
    list_display = ("business", "enabled", "region", "present_write_key")
    list_select_related = ("business",)
    autocomplete_fields = ("business",)
    raw_id_fields = ("birthday_field",)
    readonly_fields = ("present_write_key", "enabled_at")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Switching off is enough, and keeps what waits."""
        return False

    @admin.display(description="present write key")
    def present_write_key(self, integration: Integration) -> str:
        if isinstance(integration.write_key, Unreadable):
            return "cannot be read"
        return f"ends in {integration.write_key[-4:]}" if integration.write_key else "none"

    def get_readonly_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "business") if obj else self.readonly_fields
