"""Tenancy: no endpoint of the API shows or changes anything of another business.

Without a key or its scope, nothing is allowed. The walks find new endpoints by themselves. If they
cannot call one, the failure says what to add.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Http
from django.utils import timezone
from time_machine import TimeMachineFixture

import smrt_integration.urls
from smrt_integration.api import authentication
from tests.admin.sample_business import FIRST_ID, SECOND_ID, SampleBusiness, start_ids_at
from tests.api import faulty_views
from tests.api.endpoints import METHODS, ROOT
from tests.api.tenancy_checks import OPEN
from tests.api.walk import CLIENT_IDS, FOR_EVERY_KEY, WALKS, Walk
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def businesses(
    segment: SegmentStandIn,
    time_machine: TimeMachineFixture,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[SampleBusiness, SampleBusiness]:
    """Two businesses. The clock is stopped, so responses have equal times. No limit applies."""
    settings.API_CALLS_PER_MINUTE = 1_000_000
    monkeypatch.setattr(authentication, "UNKNOWN_KEYS_PER_WINDOW", 1_000_000)
    time_machine.move_to(timezone.now(), tick=False)
    start_ids_at(FIRST_ID)
    first = SampleBusiness("Quokka", rf"{FIRST_ID}"[:-2] + r"\d\d")
    start_ids_at(SECOND_ID)
    return first, SampleBusiness("Zebrafinch", rf"{SECOND_ID}"[:-2] + r"\d\d")


@pytest.mark.parametrize("check", WALKS, ids=lambda check: check.__name__)
def test_no_key_reads_or_changes_rows_of_another_business(
    check: Callable[[Walk], None], businesses: tuple[SampleBusiness, SampleBusiness]
) -> None:
    walk = Walk(*businesses, smrt_integration.urls)
    before = walk.other.everything()

    check(walk)

    assert not walk.faults, "\n".join(walk.faults)
    assert walk.other.everything() == before


def test_no_key_of_the_other_business_reads_or_changes_our_rows(
    businesses: tuple[SampleBusiness, SampleBusiness],
) -> None:
    """The other business's rows have the greater primary keys."""
    first, second = businesses
    walk = Walk(second, first, smrt_integration.urls)

    walk.other_rows()

    assert not walk.faults, "\n".join(walk.faults)


def test_open_endpoints_describe_the_api_and_show_no_data(
    businesses: tuple[SampleBusiness, SampleBusiness],
) -> None:
    for path in sorted(OPEN):
        response = Http().get(ROOT + path)
        assert response.status_code == 200
        assert not any(business.mark in response.content.decode() for business in businesses)


def test_an_unknown_method_is_refused(businesses: tuple[SampleBusiness, SampleBusiness]) -> None:
    walk = Walk(*businesses, smrt_integration.urls)

    walk.unknown_methods()

    assert not walk.faults, "\n".join(walk.faults)


def test_open_endpoints_answer_every_method_without_a_server_error(db: None) -> None:
    http = Http(raise_request_exception=False)
    statuses = {
        (path, method): getattr(http, method)(ROOT + path).status_code
        for path in OPEN
        for method in METHODS
    }

    assert {call: status for call, status in statuses.items() if status >= 500} == {}


def test_every_named_exception_exists(businesses: tuple[SampleBusiness, SampleBusiness]) -> None:
    assert {*OPEN, *FOR_EVERY_KEY, *CLIENT_IDS} <= {
        endpoint.path for endpoint in Walk(*businesses, smrt_integration.urls).endpoints
    }


@pytest.mark.parametrize(
    ("view", "check", "finding"),
    [
        (faulty_views.OpenViewSet, Walk.without_a_key, "get faulty returns 200 without a key"),
        (faulty_views.ViewSetWithoutArea, Walk.without_the_scope, "faulty has no area"),
        (
            faulty_views.ViewSetWithoutArea,
            Walk.without_the_scope,
            "get faulty returns 200 without its scope",
        ),
        (faulty_views.UnscopedViewSet, Walk.own_rows, "get faulty shows"),
        (
            faulty_views.UnscopedViewSet,
            Walk.other_rows,
            "get faulty/{uuid} responds otherwise to another business's id than to an unused id",
        ),
        (
            faulty_views.UnscopedFilterViewSet,
            Walk.filters,
            "get faulty responds otherwise to another business's id than to an unused id",
        ),
        (
            faulty_views.UnscopedReferenceViewSet,
            Walk.references,
            "patch faulty/{uuid} writes ['customers_customer'",
        ),
    ],
)
def test_a_faulty_view_is_found(
    view: type[Any],
    check: Callable[[Walk], None],
    finding: str,
    businesses: tuple[SampleBusiness, SampleBusiness],
    settings: Any,
) -> None:
    urls = faulty_views.urls_with(view)
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__
    walk = Walk(*businesses, urls)

    check(walk)

    assert [fault for fault in walk.faults if fault.startswith(finding)], walk.faults


def test_an_unknown_name_of_an_id_fails_with_what_to_add(
    businesses: tuple[SampleBusiness, SampleBusiness],
) -> None:
    walk = Walk(*businesses, smrt_integration.urls)
    with pytest.raises(
        LookupError,
        match=r"orders/{uuid}: add to ROWS_BY_NAME .* which rows “courier” can name",
    ):
        walk.row(walk.own, "orders/{uuid}", "courier")
