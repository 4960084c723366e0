"""The owner's pages about texts: how they are sent, what became of each, and what customers answered."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings as installation
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from customers import access
from customers.admin_base import ReadOnlyAdmin, ScopedAdmin
from customers.models import IncomingText, NightlyText, TextSettings
from customers.models.text_settings import LANGUAGE_CHOICES
from customers.phones import format_phone

if TYPE_CHECKING:
    SettingsModelForm = forms.ModelForm[TextSettings]
else:
    SettingsModelForm = forms.ModelForm

EXCERPT_LENGTH = 100
"""Characters of a message in the list; the whole is on its page."""
TEXT_CUSTOMER_SEARCH = (
    "customer__company_name__istartswith",
    "customer__last_name__istartswith",
    "customer__phone__startswith",
)


class TextSettingsForm(SettingsModelForm):
    also_understood = forms.MultipleChoiceField(
        required=False,
        choices=[choice for choice in LANGUAGE_CHOICES if choice[0] != "en"],
        widget=forms.CheckboxSelectMultiple,
        help_text="Languages in which customers answer, besides that of the text. English is always understood.",
    )

    class Meta:
        model = TextSettings
        fields = "__all__"


@admin.register(TextSettings)
class TextSettingsAdmin(ScopedAdmin):
    form = TextSettingsForm
    list_display = ("business", "enabled", "hour", "shown_number", "standing")
    list_select_related = ("business",)
    search_fields = ("business__name__istartswith",)
    autocomplete_fields = ("business",)
    readonly_fields = ("standing", "preview", "at_twilio")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "business",
                    "standing",
                    "enabled",
                    "number",
                    "at_twilio",
                    "hour",
                    "van_leaves",
                )
            },
        ),
        ("What the text says", {"fields": ("language", "wording", "preview")}),
        (
            "What customers answer",
            {"fields": ("also_understood", "own_no", "own_stop", "own_start")},
        ),
    )

    def save_model(self, request: HttpRequest, obj: TextSettings, form: Any, change: bool) -> None:
        """Whoever saves has looked into the problem: the next text finds out whether it is solved."""
        obj.problem, obj.resume_at = TextSettings.Problem.NONE, None
        super().save_model(request, obj, form, change)

    @admin.display(description="how it stands")
    def standing(self, settings: TextSettings) -> str:
        if settings._state.adding or not settings.enabled:
            return "Switched off: nobody is texted."
        if settings.problem:
            return f"Stopped. {settings.get_problem_display()} It is tried again every 15 minutes."
        if installation.TEXTS_BACKEND == "CONSOLE":
            return (
                "Switched on, but this installation is not connected to Twilio: no text leaves it."
            )
        return f"Texts leave at {settings.get_hour_display()}."

    @admin.display(description="example, as last saved")
    def preview(self, settings: TextSettings) -> str:
        return "Save first to see it." if settings._state.adding else settings.example()

    @admin.display(description="at Twilio")
    def at_twilio(self, settings: TextSettings) -> str:
        address = installation.PUBLIC_URL + reverse("texts-incoming")
        return f"For this number's incoming messages, enter {address} as the webhook, by HTTP POST. Else no answer arrives here."

    @admin.display(description="number", ordering="number")
    def shown_number(self, settings: TextSettings) -> str:
        return format_phone(settings.number) if settings.number else "none"


@admin.register(NightlyText)
class NightlyTextAdmin(ReadOnlyAdmin):
    list_display = ("pickup_date", "customer", "business", "status", "reason_shown", "sent_at")
    list_filter = ("status",)
    list_select_related = ("customer", "business")
    search_fields = TEXT_CUSTOMER_SEARCH
    fields = (
        "business",
        "customer",
        "pickup",
        "pickup_date",
        "status",
        "reason_shown",
        "to",
        "sent_at",
        "attempts",
        "sid",
        "error",
    )
    ordering = ("-pickup_date", "-id")

    @admin.display(description="why", empty_value="")
    def reason_shown(self, text: NightlyText) -> str:
        return text.get_reason_display()

    @admin.display(description="to")
    def to(self, text: NightlyText) -> str:
        return format_phone(text.phone) if text.phone else ""


@admin.register(IncomingText)
class IncomingTextAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "business", "message", "outcome", "handled")
    list_filter = ("handled", "meaning")
    list_select_related = ("customer", "business")
    search_fields = (*TEXT_CUSTOMER_SEARCH, "phone__startswith")
    fields = (
        "business",
        "customer",
        "shown_phone",
        "at",
        "body",
        "media",
        "outcome",
        "pickup",
        "reply",
        "handled",
        "sid",
    )
    ordering = ("-at", "-id")
    actions = ("mark_as_handled",)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser or access.managed_by(request.user).exists()

    @admin.action(description="Mark as handled", permissions=["handle"])
    def mark_as_handled(self, request: HttpRequest, texts: QuerySet[IncomingText]) -> None:
        marked = texts.filter(handled=False, business__in=access.managed_by(request.user)).update(
            handled=True
        )
        messages.success(request, f"{marked} marked as handled.")

    @admin.display(description="from")
    def who(self, text: IncomingText) -> str:
        return str(text.customer) if text.customer else format_phone(text.phone)

    @admin.display(description="message", empty_value="")
    def message(self, text: IncomingText) -> str:
        return Truncator(text.body).chars(EXCERPT_LENGTH) or f"{text.media} pictures"

    @admin.display(description="number")
    def shown_phone(self, text: IncomingText) -> str:
        return format_phone(text.phone)
