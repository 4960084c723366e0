"""The credentials of the stand-in's only account. They are public."""

from typing import Final

ACCOUNT: Final = "AC" + "0" * 32
TOKEN: Final = "for-development-only-twilio-token"
