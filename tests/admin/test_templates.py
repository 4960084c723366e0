"""Our templates use no variable that their view does not give them. Django renders those empty."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template import engines
from django.urls import reverse
from django.utils import timezone

import smrt_integration
from customers.models import Membership
from events.lanes.status import CHOICE_WANTED
from events.models import Lane, Outgoing, SendLog
from smrt_integration.api.models import ApiKey
from smrt_integration.exports.models import Export
from tests.admin.conftest import logged_in, member
from tests.admin.sample_business import SampleBusiness
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

TEMPLATES = Path(smrt_integration.__file__).parent / "templates" / "smrt"
VARIABLE = re.compile(r"{{\s*([\w.]+)")


class MissingVariables(str):
    """Django puts this text in the place of a missing variable, whose name it keeps."""

    __slots__ = ("names",)
    names: set[str]

    def __mod__(self, name: object) -> str:
        self.names.add(str(name))
        return ""


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    text = MissingVariables("%s")
    text.names = set()
    engine: Any = engines["django"]
    monkeypatch.setattr(engine.engine, "string_if_invalid", text)
    return text.names


@pytest.fixture
def sample(segment: SegmentStandIn) -> SampleBusiness:
    return SampleBusiness("Quokka")


def addresses(sample: SampleBusiness) -> Iterator[str]:
    business, customer, now = sample.business.pk, sample.customer.pk, timezone.now()
    yield reverse("admin:index")
    for page in ("change", "waiting", "preview"):
        yield reverse(f"admin:events_integration_{page}", args=[business])
    yield reverse("admin:customers_customer_timeline", args=[customer])
    yield reverse("admin:customers_customer_change", args=[customer])
    for model, name in ((SendLog, "sendlog"), (Outgoing, "outgoing")):
        yield reverse(f"admin:events_{name}_changelist")
        for row in model._default_manager.filter(business=business):
            yield reverse(f"admin:events_{name}_change", args=[row.pk])
    for query in ("?outcome=rejected", "?q=nobody"):
        yield reverse("admin:events_sendlog_changelist") + query
    yield reverse("admin:events_sendlog_resend") + "?outcome=rejected"
    for export in Export.objects.filter(business=business):
        for values in ({}, {"attempted_at": now, "attempts": 2}, {"finished_at": now}):
            Export.objects.filter(pk=export.pk).update(**values)
            yield reverse("admin:smrt_integration_export_change", args=[export.pk])
    yield reverse("admin:smrt_integration_export_changelist")
    key = ApiKey.objects.get(business=business).pk
    yield reverse("admin:smrt_integration_apikey_changelist")
    yield reverse("admin:smrt_integration_apikey_change", args=[key])
    yield reverse("admin:smrt_integration_apikey_revoke", args=[key])
    for query in ("", "?client=pos"):
        yield reverse("admin:smrt_integration_apikey_add") + query


def own_variables() -> set[str]:
    return {
        name for path in TEMPLATES.rglob("*.html") for name in VARIABLE.findall(path.read_text())
    }


def test_no_page_lacks_a_variable(sample: SampleBusiness, missing: set[str]) -> None:
    owner = logged_in(member("olivia", sample.business, Membership.Role.OWNER))
    for stopped in ("", CHOICE_WANTED):
        Lane.objects.filter(business=sample.business).update(stopped=stopped)
        for address in addresses(sample):
            assert owner.get(address).status_code == 200, address
    assert missing & own_variables() == set()


def test_the_list_of_several_businesses_lacks_none(
    sample: SampleBusiness, missing: set[str], support: User
) -> None:
    SampleBusiness("Zebrafinch")
    assert logged_in(support).get(reverse("admin:index")).status_code == 200
    assert missing & own_variables() == set()
