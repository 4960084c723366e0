"""The one account of the stand-in, known to everybody."""

from typing import Final

ACCOUNT: Final = "AC" + "0" * 32
TOKEN: Final = "for-development-only-twilio-token"
