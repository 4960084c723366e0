"""The owner's pages about texts: the settings, what happened to each text, and the replies."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings as installation
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from customers import access, search
from customers.admin_base import ReadOnlyAdmin, ScopedAdmin
from customers.admin_scan import IndexedValues
from customers.business_clock import UTC_CLOCK
from customers.clock_in_use import clock_in_use, hour_choices
from customers.day_filters import LocalDayFilter
from customers.models import IncomingText, NightlyText, TextSettings
from customers.models.text_settings import LANGUAGE_CHOICES
from customers.phones import format_phone
from customers.texts.timing import END_OF_EVENING

if TYPE_CHECKING:
    SettingsModelForm = forms.ModelForm[TextSettings]
else:
    SettingsModelForm = forms.ModelForm

EXCERPT_LENGTH = 100
"""Characters of a reply in the list. The reply's own page shows all of it."""


class TextSettingsForm(SettingsModelForm):
    also_understood = forms.MultipleChoiceField(
        required=False,
        choices=[choice for choice in LANGUAGE_CHOICES if choice[0] != "en"],
        widget=forms.CheckboxSelectMultiple,
        help_text="Other languages that customers may reply in. English is always understood.",
    )

    class Meta:
        model = TextSettings
        fields = "__all__"


@admin.register(TextSettings)
class TextSettingsAdmin(ScopedAdmin):
    is_small = True
    form = TextSettingsForm
    list_display = ("business", "enabled", "hour_text", "number_text", "status")
    list_select_related = ("business",)
    search_fields = ("business__name__folded_start",)
    autocomplete_fields = ("business",)
    readonly_fields = ("status", "preview", "at_twilio")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "business",
                    "status",
                    "enabled",
                    "number",
                    "at_twilio",
                    "hour",
                    "van_leaves",
                )
            },
        ),
        ("The text", {"fields": ("language", "wording", "preview")}),
        ("Replies", {"fields": ("also_understood", "own_no", "own_stop", "own_start")}),
    )

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer hours as the business's country writes them."""
        if db_field.name in {"hour", "van_leaves"}:
            clock = clock_in_use() or UTC_CLOCK
            kwargs["choices"] = hour_choices([hour for hour, _ in db_field.choices], clock)
            # The time in the model's sentence is for programmers.
            at_latest = f"{END_OF_EVENING:02}:00"
            kwargs["help_text"] = db_field.help_text.replace(at_latest, clock.hour(END_OF_EVENING))
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: TextSettings, form: Any, change: bool) -> None:
        """Let texts be sent again at once: the change may have solved the problem."""
        obj.problem, obj.resume_at = TextSettings.Problem.NONE, None
        super().save_model(request, obj, form, change)

    @admin.display(description="status")
    def status(self, settings: TextSettings) -> str:
        if settings._state.adding or not settings.enabled:
            return "Switched off. No texts are sent."
        if settings.problem:
            return (
                f"No texts are being sent. {settings.get_problem_display()} "
                "We try again every 15 minutes."
            )
        if installation.TEXTS_BACKEND == "CONSOLE":
            return "Switched on, but no texts are sent: the connection to Twilio is not set up."
        return f"Switched on. Texts are sent at {self.hour_text(settings)}."

    @admin.display(description="send texts at", ordering="hour")
    def hour_text(self, settings: TextSettings) -> str:
        return settings.business.clock.hour(settings.hour)

    @admin.display(description="example")
    def preview(self, settings: TextSettings) -> str:
        return "Save to see an example." if settings._state.adding else settings.example()

    @admin.display(description="webhook at Twilio")
    def at_twilio(self, settings: TextSettings) -> str:
        address = installation.PUBLIC_URL + reverse("texts-incoming")
        return (
            f"In Twilio, set {address} (HTTP POST) as this number's webhook for incoming "
            "messages. Otherwise replies will not reach you."
        )

    @admin.display(description="number", ordering="number")
    def number_text(self, settings: TextSettings) -> str:
        return format_phone(settings.number) if settings.number else "none"


@admin.register(NightlyText)
class NightlyTextAdmin(ReadOnlyAdmin):
    list_display = ("pickup_date", "customer", "business", "status", "reason_text", "sent_at")
    list_filter = ("status", ("pickup_date", LocalDayFilter))
    indexed_values: ClassVar[IndexedValues] = {"status": ("refused", "unknown", "expired")}
    list_select_related = ("customer", "business")
    found_by = search.about_customers
    fields = (
        "business",
        "customer",
        "pickup",
        "pickup_date",
        "status",
        "reason_text",
        "to",
        "sent_at",
        "attempts",
        "sid",
        "error",
    )
    ordering = ("-pickup_date", "-id")

    @admin.display(description="reason", empty_value="")
    def reason_text(self, text: NightlyText) -> str:
        return text.get_reason_display()

    @admin.display(description="sent to")
    def to(self, text: NightlyText) -> str:
        return format_phone(text.phone) if text.phone else ""


@admin.register(IncomingText)
class IncomingTextAdmin(ReadOnlyAdmin):
    list_display = ("at", "sender", "business", "excerpt", "outcome", "handled")
    list_filter = ("handled", "meaning", ("at", LocalDayFilter))
    indexed_values: ClassVar[IndexedValues] = {"handled": ("0",)}
    list_select_related = ("customer", "business")
    found_by = search.incoming_texts
    fields = (
        "business",
        "customer",
        "phone_text",
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
    actions = ("mark_as_done",)

    def has_done_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser or access.managed_by(request.user).exists()

    @admin.action(description="Mark as done", permissions=["done"])
    def mark_as_done(self, request: HttpRequest, texts: QuerySet[IncomingText]) -> None:
        count = texts.filter(handled=False, business__in=access.managed_by(request.user)).update(
            handled=True
        )
        messages.success(request, f"{count} marked as done.")

    @admin.display(description="from")
    def sender(self, text: IncomingText) -> str:
        return str(text.customer) if text.customer else format_phone(text.phone)

    @admin.display(description="text", empty_value="")
    def excerpt(self, text: IncomingText) -> str:
        pictures = "1 picture" if text.media == 1 else f"{text.media} pictures"
        return Truncator(text.body).chars(EXCERPT_LENGTH) or pictures

    @admin.display(description="phone")
    def phone_text(self, text: IncomingText) -> str:
        return format_phone(text.phone)
