"""Phone numbers: stored as E.164, read in any usual format, shown in the country's own format."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
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


MAX_PHONE_ENTRY: Final = 300
"""Characters that people may write into a phone field: a number, and a note about it."""
MAX_PHONE_NOTE: Final = 300
NUMBER_IN_NORTH_AMERICA: Final = re.compile(r"[2-9]\d{2}[2-9]\d{6}", re.ASCII)
"""No area code and no exchange of the numbering plan begins with 0 or 1."""
COUNTING_UP: Final = "01234567890123456789"
NOTHING_BUT_A_NUMBER: Final = re.compile(r"[+\d\s().-]+")
AROUND_A_NUMBER: Final = " \t\r\n,;:/|-()[]"
"""What is left of the punctuation between a number and its note."""

MEXICO: Final = 52
BRAZIL: Final = 55
ARGENTINA: Final = 54
MEXICAN_DIALING: Final = re.compile(r"(?:1|01|044|045)(\d{10})", re.ASCII)
"""Until 2020, mobiles were dialed with 1 from abroad, and with 044 or 045 in Mexico."""
BRAZILIAN_MOBILE: Final = re.compile(r"(\d{2})9?([6-9]\d{7})", re.ASCII)
"""Until 2016, mobiles got a ninth digit in front of the eight; some networks still leave it out."""
ARGENTINIAN: Final = re.compile(r"9?(\d{10})", re.ASCII)
"""Mobiles have a 9 after the country code, which some networks leave out."""


class ImpossibleNumber(ValueError):
    """A phone number that cannot exist. The message names it."""


@dataclass(frozen=True, slots=True)
class EnteredPhone:
    """What somebody wrote into a phone field."""

    number: str
    """E.164."""
    note: str
    """What was written beside the number: "Ann's cell", an extension, a second number."""


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def normalise_phone(entered: str, country: str | None) -> str:
    """Return the number as E.164 (`+14156015610`), read as dialed in `country` (two letters).

    A number that starts with + needs no country. An extension is dropped: it cannot be texted. Old
    forms of a number become the present one. Raises ImpossibleNumber.
    """
    try:
        number = phonenumbers.parse(entered, country)
    except NumberParseException as error:
        raise ImpossibleNumber(f"{entered} is not a phone number.") from error
    _modernise(number)
    # is_possible_number would also accept a number without its area code.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise ImpossibleNumber(f"{entered} is not a possible phone number.")
    if _is_placeholder(number):
        raise ImpossibleNumber(f"{entered} is not the number of a phone.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def read_phone(entered: str, country: str | None) -> EnteredPhone:
    """Return the first number in `entered`, and the rest as a note.

    Point of sale systems have one field for all that a customer says about the phone. Raises
    ImpossibleNumber when there is no number in it.
    """
    if NOTHING_BUT_A_NUMBER.fullmatch(entered):
        with suppress(ImpossibleNumber):
            return EnteredPhone(normalise_phone(entered, country), "")
    for match in PhoneNumberMatcher(entered, country, leniency=Leniency.POSSIBLE):
        with suppress(ImpossibleNumber):
            number = normalise_phone(match.raw_string, country)
            extension = match.number.extension
            around = (
                entered[: match.start],
                f"ext. {extension}" if extension else "",
                entered[match.end :],
            )
            words = [" ".join(part.split()).strip(AROUND_A_NUMBER) for part in around]
            return EnteredPhone(number, " ".join(filter(None, words))[:MAX_PHONE_NOTE])
    # A number in letters, such as 1-800-FLOWERS.
    return EnteredPhone(normalise_phone(entered, country), "")


def same_phone(e164: str) -> list[str]:
    """Return all forms in which networks report this number, the present one first.

    Mexico, Brazil and Argentina changed how mobiles are dialed, and a reply may come from the old
    form of a number.
    """
    number = _parse_phone(e164)
    if number is None:
        return [e164]
    _modernise(number)
    digits = phonenumbers.national_significant_number(number)
    forms = [digits]
    if number.country_code == MEXICO:
        forms.append(f"1{digits}")
    elif number.country_code == BRAZIL and (mobile := BRAZILIAN_MOBILE.fullmatch(digits)):
        forms.append("".join(mobile.groups()))
    elif number.country_code == ARGENTINA and (local := ARGENTINIAN.fullmatch(digits)):
        forms += [form for form in (f"9{local[1]}", local[1]) if form != digits]
    return [f"+{number.country_code}{form}" for form in forms]


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def is_placeholder(e164: str) -> bool:
    """Return whether a number is no phone's, such as 000 000 0000 for "unknown"."""
    number = _read_phone(e164) if e164 else None
    return number is not None and _is_placeholder(number)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def format_phone(e164: str) -> str:
    """Return `(415) 601 5610` in North America, and the national format elsewhere."""
    number = _read_phone(e164)
    if number is None:
        return e164
    digits = str(number.national_number)
    if number.country_code == NORTH_AMERICA and len(digits) == NORTH_AMERICAN_DIGITS:
        return f"({digits[:3]}) {digits[3:6]} {digits[6:]}"
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


@lru_cache(maxsize=PHONE_CACHE_SIZE)
def mobile_by_plan(e164: str) -> bool | None:
    """Return what the numbering plan says, or None where it does not decide (North America)."""
    number = _read_phone(e164)
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


def _modernise(number: PhoneNumber) -> None:
    """Rewrite a number of Mexico or Brazil that is in its old form."""
    digits = phonenumbers.national_significant_number(number)
    if number.country_code == MEXICO and (dialed := MEXICAN_DIALING.fullmatch(digits)):
        number.national_number, number.italian_leading_zero = int(dialed[1]), None
    elif number.country_code == BRAZIL and (mobile := BRAZILIAN_MOBILE.fullmatch(digits)):
        number.national_number = int("9".join(mobile.groups()))


def _is_placeholder(number: PhoneNumber) -> bool:
    digits = phonenumbers.national_significant_number(number)
    if len(set(digits)) == 1:
        return True
    if number.country_code == NORTH_AMERICA:
        return NUMBER_IN_NORTH_AMERICA.fullmatch(digits) is None
    return digits in COUNTING_UP and not phonenumbers.is_valid_number(number)


@lru_cache(maxsize=1)
def _read_phone(e164: str) -> PhoneNumber | None:
    """Return the number, which the caller must not change: a customer's is asked for thrice."""
    return _parse_phone(e164)


def _parse_phone(e164: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(e164)
    except NumberParseException:
        return None
