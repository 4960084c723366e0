"""Phone numbers: stored as E.164, read in any usual format, shown in the country's own format."""

from functools import lru_cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

NORTH_AMERICA = 1
"""The calling code shared by the countries of the North American Numbering Plan."""
NORTH_AMERICAN_DIGITS = 10
PHONE_CACHE_SIZE = 65_536
"""Entries of each cache: a few megabytes, enough for the customers of a day."""

ALWAYS_MOBILE = {PhoneNumberType.MOBILE}
NEVER_MOBILE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


class ImpossibleNumber(ValueError):
    """A phone number that cannot exist. The message names it."""


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def normalise_phone(entered: str, country: str | None) -> str:
    """Return the number as E.164 (`+14156015610`), read as dialed in `country` (two letters).

    A number that starts with + needs no country. An extension is dropped: it cannot be texted.
    Raises ImpossibleNumber.
    """
    try:
        number = phonenumbers.parse(entered, country)
    except NumberParseException as error:
        raise ImpossibleNumber(f"{entered} is not a phone number.") from error
    # is_possible_number would also accept a number without its area code.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise ImpossibleNumber(f"{entered} is not a possible phone number.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def format_phone(e164: str) -> str:
    """Return `(415) 601 5610` in North America, and the national format elsewhere."""
    number = _parse_phone(e164)
    if number is None:
        return e164
    digits = str(number.national_number)
    if number.country_code == NORTH_AMERICA and len(digits) == NORTH_AMERICAN_DIGITS:
        return f"({digits[:3]}) {digits[3:6]} {digits[6:]}"
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def mobile_by_plan(e164: str) -> bool | None:
    """Return what the numbering plan says, or None where it does not decide (North America)."""
    number = _parse_phone(e164)
    kind = phonenumbers.number_type(number) if number else PhoneNumberType.UNKNOWN
    if kind in ALWAYS_MOBILE:
        return True
    return False if kind in NEVER_MOBILE else None


def is_mobile(e164: str, stated: bool | None, has_replied: bool) -> bool:
    """Return whether the number is a mobile one (contract, section 2).

    What the point of sale stated counts first, then the numbering plan, then whether the customer
    ever replied to a text.
    """
    if not e164:
        return False
    if stated is not None:
        return stated
    by_plan = mobile_by_plan(e164)
    return has_replied if by_plan is None else by_plan


def _parse_phone(e164: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(e164)
    except NumberParseException:
        return None
