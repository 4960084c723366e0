"""The users of these tests: an owner, a helper, the owner of another business, and support."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from customers.models import Business, Membership
from tests.events.conftest import business, customer, integration
from tests.factories import BusinessFactory

__all__ = ["business", "customer", "integration"]


@pytest.fixture
def other_business(db: None) -> Business:
    return BusinessFactory.create(name="Somebody Else's Cleaners")


def member(name: str, business: Business, role: str) -> User:
    user = User.objects.create(username=name, email=f"{name}@example.com", is_staff=True)
    Membership.objects.create(user=user, business=business, role=role)
    return user


@pytest.fixture
def owner(business: Business) -> User:
    return member("olivia", business, Membership.Role.OWNER)


@pytest.fixture
def helper(business: Business) -> User:
    return member("henry", business, Membership.Role.HELPER)


@pytest.fixture
def other_owner(other_business: Business) -> User:
    return member("otto", other_business, Membership.Role.OWNER)


@pytest.fixture
def support(db: None) -> User:
    return User.objects.create(username="support", is_staff=True, is_superuser=True)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _static_files_as_written(settings: Any) -> None:
    """Read static files from where they are written: none have been collected."""
    settings.WHITENOISE_AUTOREFRESH = True
