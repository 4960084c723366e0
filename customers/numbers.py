"""Numbers as tills and people write them, read exactly or refused. Pure.

Tills compute in binary floats, so that 18.99 arrives as 18.990000000000002. Python reads more as a
number than people do: `1_000` and digits of every script.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

TOLERANCE: Final = Decimal("0.00001")
"""What a float of a till may be away from the number that it stands for. Sums of floats are off by
far less, and half a cent, which someone may have meant, is far more."""

MAX_EXPONENT: Final = 20
"""No column holds a number of more digits. Beyond, only the size is looked at: the digits of
1e400000000 would fill the memory."""
FAR_TOO_LARGE: Final = Decimal(10**MAX_EXPONENT)
MAX_LENGTH: Final = 400
"""A text that is longer is no number that anyone wrote."""

PLAIN_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,15})?")
"""With ASCII digits: in a pattern, \\d would be the digits of every script."""

MAX_SHOWN: Final = 40
"""Characters of a number in a sentence."""

HOW_TO_WRITE: Final = "Write it with the digits 0 to 9 and a decimal point, such as 1234.5."
ZERO: Final = Decimal(0)


class NotExact(ValueError):
    """The number has more decimals than allowed. `nearest` is the number that is allowed."""

    def __init__(self, number: Decimal, nearest: Decimal) -> None:
        super().__init__(f"{in_words(number)} has too many decimals")
        self.number = number
        self.nearest = nearest


def read_number(value: object) -> Decimal:
    """Return the number that a JSON value or a text stands for; -0 is 0.

    A number that is larger than any column holds is cut down to FAR_TOO_LARGE, so that it fails at
    the limit of its field. Raises ValueError with the remedy.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"This is not a number. {HOW_TO_WRITE}")
    if isinstance(value, int) and abs(value) >= FAR_TOO_LARGE:
        return FAR_TOO_LARGE.copy_sign(Decimal(-1 if value < 0 else 1))
    text = str(value).strip(" \t\r\n")
    if len(text) > MAX_LENGTH or not PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"This is not a number. {HOW_TO_WRITE}")
    number = Decimal(text)
    if number.is_zero() or number.adjusted() < -MAX_EXPONENT:
        return ZERO
    return number if number.adjusted() < MAX_EXPONENT else FAR_TOO_LARGE.copy_sign(number)


def to_unit(number: Decimal, unit: Decimal) -> Decimal:
    """Return the multiple of `unit` (a power of ten) that the number stands for.

    Raises NotExact if the number is farther than TOLERANCE from it.
    """
    nearest = number.quantize(unit, ROUND_HALF_UP)
    if abs(number - nearest) > TOLERANCE:
        raise NotExact(number, nearest)
    return nearest + ZERO


def shortest(number: Decimal) -> int | Decimal:
    """Return the number without trailing zeros: 2 as an int, 12.4 as a decimal."""
    return int(number) if number == number.to_integral_value() else number.normalize()


def in_words(number: Decimal) -> str:
    """Return the number without exponent and without trailing zeros: 18.99, 1000, 12.4."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
