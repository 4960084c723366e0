"""Limit the sign-ups per hour from one internet address."""

from typing import Final

from django.http import HttpRequest

from customers.client_ip import client_ip_hash
from customers.rate_limit import count_call

SIGN_UP_WINDOW_SECONDS: Final = 3600
SIGN_UPS_PER_WINDOW: Final = 20
"""More than the people at one counter or in one house need, and too few to be worth a program."""


def may_sign_up(request: HttpRequest) -> bool:
    """Count this sign-up. Returns False when its address has used up the limit for this hour.

    Sign-ups from an unknown address are not counted, because all of them would share one count.
    """
    address_hash = client_ip_hash(request, "customers.account.signup_limit")
    if not address_hash:
        return True
    sign_ups = count_call(f"smrt:joins:{address_hash}", SIGN_UP_WINDOW_SECONDS)
    return sign_ups.calls <= SIGN_UPS_PER_WINDOW
