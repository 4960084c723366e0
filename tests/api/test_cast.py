"""The cast walks every endpoint of the API: without a key there is nothing, without the scope nothing is allowed, and what is another
business's does not exist.

Endpoints are found, not listed: a new one is walked by itself. One that cannot be is named, with what to add (tests/api/walk.py).
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Http
from django.utils import timezone
from time_machine import TimeMachineFixture

import smrt_integration.urls
from tests.admin.sample_business import FIRST_ID, SECOND_ID, SampleBusiness, start_ids_at
from tests.api import faulty_views
from tests.api.endpoints import METHODS, ROOT
from tests.api.walk import FOR_EVERY_KEY, MADE_UP, OPEN, WAYS, Walk
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def stages(
    segment: SegmentStandIn, time_machine: TimeMachineFixture, settings: Any
) -> tuple[SampleBusiness, SampleBusiness]:
    """At a standstill, so that no two answers differ by the time; and nobody calls too often."""
    settings.API_CALLS_PER_MINUTE = 1_000_000
    time_machine.move_to(timezone.now(), tick=False)
    start_ids_at(FIRST_ID)
    near = SampleBusiness("Quokka", rf"{FIRST_ID}"[:-2] + r"\d\d")
    start_ids_at(SECOND_ID)
    return near, SampleBusiness("Zebu", rf"{SECOND_ID}"[:-2] + r"\d\d")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nobody_is_shown_or_reaches_what_is_not_theirs(
    way: Callable[[Walk], None], stages: tuple[SampleBusiness, SampleBusiness]
) -> None:
    walk = Walk(*stages, smrt_integration.urls)
    before = walk.theirs.everything()

    way(walk)

    assert not walk.wrong, "\n".join(walk.wrong)
    assert walk.theirs.everything() == before


def test_nor_the_other_way_round(stages: tuple[SampleBusiness, SampleBusiness]) -> None:
    """With a key of the other business, whose rows have all the greater numbers."""
    near, far = stages
    walk = Walk(far, near, smrt_integration.urls)

    walk.others_rows()

    assert not walk.wrong, "\n".join(walk.wrong)


def test_what_is_open_is_how_the_api_is_called_and_nothing_else(
    stages: tuple[SampleBusiness, SampleBusiness],
) -> None:
    for path in sorted(OPEN):
        answer = Http().get(ROOT + path)
        assert answer.status_code == 200
        assert not any(stage.mark in answer.content.decode() for stage in stages)


def test_a_method_that_there_is_not_is_refused(
    stages: tuple[SampleBusiness, SampleBusiness],
) -> None:
    walk = Walk(*stages, smrt_integration.urls)

    walk.methods_that_there_are_not()

    assert not walk.wrong, "\n".join(walk.wrong)


def test_what_is_open_answers_whatever_it_is_asked(db: None) -> None:
    """With a status of its own, and not with a fault of ours."""
    http = Http(raise_request_exception=False)
    answers = {
        (path, method): getattr(http, method)(ROOT + path).status_code
        for path in OPEN
        for method in METHODS
    }

    assert {asked: status for asked, status in answers.items() if status >= 500} == {}


def test_what_is_named_as_an_exception_is_there(
    stages: tuple[SampleBusiness, SampleBusiness],
) -> None:
    assert {*OPEN, *FOR_EVERY_KEY, *MADE_UP} <= {
        endpoint.path for endpoint in Walk(*stages, smrt_integration.urls).endpoints
    }


@pytest.mark.parametrize(
    ("view", "way", "found"),
    [
        (faulty_views.WithoutAKey, Walk.without_a_key, "get planted answers 200 without a key"),
        (faulty_views.WithoutAnArea, Walk.without_the_scope, "planted has no area"),
        (
            faulty_views.WithoutAnArea,
            Walk.without_the_scope,
            "get planted answers 200 without its scope",
        ),
        (faulty_views.WithoutAScope, Walk.own_rows, "get planted shows"),
        (
            faulty_views.WithoutAScope,
            Walk.others_rows,
            "get planted/{uuid} answers otherwise for another's id than for none",
        ),
        (
            faulty_views.WithAFilterOverAll,
            Walk.filters,
            "get planted answers otherwise for another's id than for none",
        ),
        (
            faulty_views.WithAReferenceToAll,
            Walk.references,
            "patch planted/{uuid} writes ['customers_customer'",
        ),
    ],
)
def test_what_somebody_forgot_is_noticed(
    view: type[Any],
    way: Callable[[Walk], None],
    found: str,
    stages: tuple[SampleBusiness, SampleBusiness],
    settings: Any,
) -> None:
    urls = faulty_views.urls_with(view)
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__
    walk = Walk(*stages, urls)

    way(walk)

    assert [wrong for wrong in walk.wrong if wrong.startswith(found)], walk.wrong


def test_an_id_of_unknown_kind_is_named_with_what_to_add(
    stages: tuple[SampleBusiness, SampleBusiness],
) -> None:
    walk = Walk(*stages, smrt_integration.urls)
    with pytest.raises(
        LookupError,
        match=r"orders/{uuid}: say in WHOSE \(tests/api/walk.py\) which rows “courier” stands for",
    ):
        walk.row(walk.mine, "orders/{uuid}", "courier")
