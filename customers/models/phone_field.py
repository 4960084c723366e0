"""Phone numbers of records are stored as E.164."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from customers.composed import ComposedCharField
from customers.models.tracked import Tracked
from customers.phones import (
    MAX_PHONE_NOTE,
    EnteredPhone,
    ImpossibleNumber,
    normalise_phone,
    read_phone,
    same_phone,
)


def normalise_phone_field(record: models.Model, field: str) -> None:
    """Replace the number in the field by E.164, read as dialed in the country of the business.

    Raises ValidationError for an impossible number.
    """
    entered: str = getattr(record, field)
    if not entered:
        return
    try:
        setattr(record, field, normalise_phone(entered, dialed_in(record, entered)))
    except ImpossibleNumber as error:
        raise ValidationError({field: str(error)}, code="phone") from error


def dialed_in(record: Any, entered: str) -> str | None:
    """Return the country in which a number is dialed.

    A number that is nothing but + and digits needs none, so the business is not queried.
    """
    if entered.startswith("+") and entered[1:].isdigit():
        return None
    country: str = record.business.country
    return country


class HasPhone(Tracked):
    """A phone number, and what was entered beside it.

    People write "415-601-5610 Ann's cell" or two numbers into one field. The first number is kept,
    and the rest becomes the note, so that no customer is refused for it.
    """

    phone = models.CharField(max_length=40, blank=True)
    phone_note = ComposedCharField(
        max_length=MAX_PHONE_NOTE,
        blank=True,
        default="",
        db_default="",
        help_text="What was entered beside the number, such as whose phone it is.",
    )
    phone_is_mobile = models.BooleanField("mobile phone", null=True, blank=True)

    about_phone: ClassVar[Mapping[str, Any]] = {"phone_note": "", "phone_is_mobile": None}
    """The fields that tell something about the number, each with the value for a new number."""

    _number_read: str | None = None
    """The number that `read_phone` stored, and need not read again."""

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is None or "phone" in fields:
            self.read_phone()
            if fields is not None:
                kwargs["update_fields"] = {*fields, *self._changed_about_phone()}
        super().save(**kwargs)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Read the phone first: what people write there is longer than a number."""
        excluded = set(exclude or ())
        if "phone" in excluded:
            return super().clean_fields(excluded)
        try:
            self.read_phone()
        except ValidationError as refused:
            try:
                super().clean_fields({*excluded, "phone"})
            except ValidationError as others:
                raise ValidationError(refused.error_dict | others.error_dict) from others
            raise
        return super().clean_fields(excluded)

    def clean(self) -> None:
        super().clean()
        self.read_phone()

    def has_phone(self, entered: str) -> bool:
        """Return whether this is the stored number, in whatever notation. Raises nothing."""
        try:
            number = self._number_in(entered).number
        except ValidationError:
            return False
        return number == self.phone or (bool(number) and self.phone in same_phone(number))

    def note_in(self, entered: str) -> str:
        """Return what was entered beside a number. Raises ValidationError if there is none."""
        return self._number_in(entered).note

    def read_phone(self) -> None:
        """Store the number that was entered, and the rest of the text as the note about it.

        What was recorded about another number no longer counts, unless it is changed together
        with the number. Raises ValidationError for `phone` when there is no number in it.
        """
        if self.phone in {self._number_read, self.stored_value("phone")}:
            return
        phone, stored = self._number_in(self.phone), self.stored_value("phone")
        if not stored or stored not in same_phone(phone.number):
            changed = self._changed_about_phone()
            for name in self.about_phone.keys() - changed:
                setattr(self, name, self.about_phone[name])
        if phone.note:
            self.phone_note = phone.note
        self.phone = self._number_read = phone.number

    def _changed_about_phone(self) -> set[str]:
        return {name for name in self.about_phone if getattr(self, name) != self.stored_value(name)}

    def _number_in(self, entered: str) -> EnteredPhone:
        if not entered.strip():
            return EnteredPhone("", "")
        try:
            return read_phone(entered, dialed_in(self, entered))
        except ImpossibleNumber as error:
            raise ValidationError({"phone": str(error)}, code="phone") from error
