"""Phone numbers: kept as E.164, read in any usual format, shown as people of the country write them."""

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
"""Numbers of which the looks are remembered: a few megabytes, for the numbers of a day's customers."""

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
    """No such number can exist. The message names it."""


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def normalise_phone(entered: str, country: str | None) -> str:
    """The number as E.164 (`+14156015610`), read as people in `country` (two letters) would dial it.

    A number that starts with + needs no country. An extension is dropped: it cannot be texted.
    """
    try:
        number = phonenumbers.parse(entered, country)
    except NumberParseException as error:
        raise ImpossibleNumber(f"{entered} is not a phone number.") from error
    # Not is_possible_number, which also takes a number that lacks its area code.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise ImpossibleNumber(f"{entered} is not a possible phone number.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def format_phone(e164: str) -> str:
    """`(415) 601 5610` in North America, the national format elsewhere."""
    number = _parse_phone(e164)
    if number is None:
        return e164
    digits = str(number.national_number)
    if number.country_code == NORTH_AMERICA and len(digits) == NORTH_AMERICAN_DIGITS:
        return f"({digits[:3]}) {digits[3:6]} {digits[6:]}"
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def mobile_by_plan(e164: str) -> bool | None:
    """What the numbering plan says; None where it does not decide, as in North America."""
    number = _parse_phone(e164)
    kind = phonenumbers.number_type(number) if number else PhoneNumberType.UNKNOWN
    if kind in ALWAYS_MOBILE:
        return True
    return False if kind in NEVER_MOBILE else None


def is_mobile(e164: str, given: bool | None, answered_a_text: bool) -> bool:
    """Contract, section 2: what the POS was told, else the numbering plan, else whether a text was ever answered."""
    if not e164:
        return False
    if given is not None:
        return given
    by_plan = mobile_by_plan(e164)
    return answered_a_text if by_plan is None else by_plan


def _parse_phone(e164: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(e164)
    except NumberParseException:
        return None
