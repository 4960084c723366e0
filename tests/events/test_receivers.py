"""Definitions name models and sweeps as strings; the start checks that these exist."""

import pytest

from events import catalogue, receivers
from events.definitions.customers import CustomerLost, CustomerVisit
from events.definitions.definition import IncompleteDefinition


def test_a_model_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CustomerVisit, "model", "customers.Visitor")
    with pytest.raises(IncompleteDefinition) as error:
        receivers.connect()
    assert str(error.value) == (
        "Customer Visit: there is no model customers.Visitor; correct the definition's `model`."
    )


def test_a_sweep_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CustomerLost, "sweep", "events.sweeps.found")
    with pytest.raises(IncompleteDefinition) as error:
        receivers.connect()
    assert str(error.value) == (
        "Customer Lost: there is no module events.sweeps.found; correct the definition's `sweep`."
    )


def test_events_of_one_model_agree_on_its_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue._with_other_customer() == ""
    orders = catalogue.events_of("customers.Order")
    monkeypatch.setattr(orders[-1], "customer_id", "customer.pk")
    assert catalogue._with_other_customer() == orders[-1].name
