from collections.abc import Mapping

import pytest

from customers.models import Business
from smrt_integration.dev.demo.businesses import BUSINESSES
from smrt_integration.dev.demo.seed import seed


@pytest.fixture
def businesses(db: None) -> Mapping[str, Business]:
    """The demo businesses, freshly made, by name."""
    seed()
    return {demo.name: Business.objects.get(name=demo.name) for demo in BUSINESSES}
