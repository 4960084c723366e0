"""Receivers get exactly what a save changed in the database, after rollbacks, too."""

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import Business, Customer, Discount, Employee, Order
from tests.customers.recorder import Saved, record_saves
from tests.factories import (
    BusinessFactory,
    CustomerFactory,
    DiscountFactory,
    EmployeeFactory,
    OrderFactory,
)


class BlockFailed(Exception):
    """Ends a block with a rollback."""


def saving(action: Callable[[], object]) -> Saved:
    """Return the one save that `action` makes, as receivers get it."""
    with record_saves() as saves:
        action()
    (save,) = saves
    return save


@contextmanager
def rolled_back(savepoint: bool = True) -> Iterator[None]:
    inner = nullcontext() if savepoint else transaction.atomic(savepoint=False)
    with pytest.raises(BlockFailed), transaction.atomic(), inner:  # noqa: PT012
        yield
        raise BlockFailed


def rename(business: Business, name: str) -> Saved:
    business.name = name
    return saving(business.save)


def queries(action: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"].split(" ", 1)[0] for query in captured.captured_queries]


@pytest.mark.django_db
class TestOneSave:
    def test_a_creation_has_nothing_before_and_changes_everything(self) -> None:
        save = saving(lambda: BusinessFactory.create(name="First"))
        assert (save.created, save.before) == (True, None)
        assert save.changed == {"uuid", "name", "time_zone", "country", "currency", "created_at"}

    def test_a_change_comes_with_the_value_that_it_replaced(self) -> None:
        business = Business.objects.get(pk=BusinessFactory.create(name="First").pk)
        save = rename(business, "Second")
        assert (save.created, save.old_values) == (False, {"name": "First"})

    def test_a_save_right_after_the_creation_knows_the_created_values(self) -> None:
        business = BusinessFactory.create(name="First")
        assert rename(business, "Second").old_values == {"name": "First"}
        assert rename(business, "Third").old_values == {"name": "Second"}

    def test_a_save_without_changes_reports_no_change(self) -> None:
        business = BusinessFactory.create()
        assert saving(business.save).changed == frozenset()

    def test_before_and_changed_are_empty_outside_of_a_save(self) -> None:
        business = BusinessFactory.create()
        assert (business.before, business.changed) == (None, set())

    def test_an_assigned_value_is_no_change_until_it_is_saved(self) -> None:
        business = BusinessFactory.create(name="First", country="US")
        business.name, business.country = "Second", "CA"
        assert saving(lambda: business.save(update_fields=["country"])).old_values == {
            "country": "US"
        }
        assert saving(business.save).old_values == {"name": "First"}

    def test_update_fields_may_name_a_foreign_key_or_its_column(self) -> None:
        order = OrderFactory.create()
        agent_id = order.agent_id
        order.agent = None
        assert saving(lambda: order.save(update_fields=["agent"])).old_values == {
            "agent_id": agent_id
        }
        order.agent_id = agent_id
        assert saving(lambda: order.save(update_fields=["agent_id"])).old_values == {
            "agent_id": None
        }

    def test_an_equal_value_of_another_type_is_no_change(self) -> None:
        discount = Discount.objects.get(pk=DiscountFactory.create(value=Decimal("10.00")).pk)
        discount.value = "10"
        assert saving(discount.save).changed == frozenset()
        discount.value = Decimal("10.5")
        assert saving(discount.save).changed == {"value"}

    def test_the_next_save_looks_up_the_result_of_an_expression(self) -> None:
        order = OrderFactory.create(bags=2)
        order.bags = F("bags") + 1
        assert saving(lambda: order.save(update_fields=["bags"])).old_values == {"bags": 2}
        order.bags = 7
        assert saving(lambda: order.save(update_fields=["bags"])).old_values == {"bags": 3}

    def test_an_update_by_a_queryset_is_known_after_a_refresh(self) -> None:
        business = BusinessFactory.create(name="First")
        Business.objects.filter(pk=business.pk).update(name="Meanwhile")
        business.refresh_from_db()
        assert rename(business, "Second").old_values == {"name": "Meanwhile"}

    def test_a_row_deleted_elsewhere_counts_as_created_again(self) -> None:
        business = BusinessFactory.create(name="First")
        Business.objects.filter(pk=business.pk).delete()
        save = rename(business, "Second")
        assert (save.created, save.before) == (True, None)

    def test_saving_a_copy_as_a_new_row_is_a_creation(self) -> None:
        business = BusinessFactory.create(name="First")
        business.pk, business._state.adding, business.uuid = None, True, uuid4()
        save = rename(business, "Second")
        assert (save.created, save.before) == (True, None)

    def test_a_save_within_a_receiver_has_only_its_own_changes(self) -> None:
        order = OrderFactory.create(status="open", bags=1)

        def add_a_bag(instance: Order, **kwargs: Any) -> None:
            if "status" in instance.changed:
                instance.bags = 2
                instance.save(update_fields=["bags"])
                assert instance.changed == {"status"}, "the outer save goes on"

        post_save.connect(add_a_bag, sender=Order)
        try:
            order.status = "ready"
            with record_saves() as saves:
                order.save()
        finally:
            post_save.disconnect(add_a_bag, sender=Order)
        assert [save.old_values for save in saves] == [{"bags": 1}, {"status": "open"}]


@pytest.mark.django_db
class TestQueriesOfASave:
    """Employees are used because no receiver writes anything for them."""

    def test_a_save_of_loaded_values_needs_no_query(self) -> None:
        employee = Employee.objects.get(pk=EmployeeFactory.create().pk)
        employee.role = Employee.Role.DRIVER
        assert queries(employee.save) == ["UPDATE"]
        assert queries(lambda: employee.save(update_fields=["role"])) == ["UPDATE"]

    def test_a_creation_needs_no_query(self) -> None:
        business = BusinessFactory.create()
        assert queries(lambda: EmployeeFactory.create(business=business)) == ["INSERT"]

    def test_only_a_column_that_was_never_read_is_looked_up(self) -> None:
        employee = Employee.objects.only("id", "name").get(
            pk=EmployeeFactory.create(role="COUNTER").pk
        )
        employee.role = Employee.Role.DRIVER
        with record_saves() as saves:
            assert queries(lambda: employee.save(update_fields=["role"])) == ["SELECT", "UPDATE"]
        assert saves[0].old_values == {"role": "COUNTER"}
        employee.role = Employee.Role.COUNTER
        with record_saves() as saves:
            assert queries(lambda: employee.save(update_fields=["role"])) == ["UPDATE"]
        assert saves[0].old_values == {"role": "DRIVER"}

    def test_a_deferred_column_that_was_read_later_is_not_looked_up(self) -> None:
        employee = Employee.objects.defer("role").get(pk=EmployeeFactory.create(role="COUNTER").pk)
        assert employee.role == "COUNTER"
        employee.role = Employee.Role.DRIVER
        with record_saves() as saves:
            assert queries(lambda: employee.save(update_fields=["role"])) == ["UPDATE"]
        assert saves[0].old_values == {"role": "COUNTER"}

    def test_a_new_instance_for_an_existing_row_looks_it_up(self) -> None:
        existing = BusinessFactory.create(name="First")
        by_hand = Business(
            pk=existing.pk, uuid=existing.uuid, name="Second", created_at=existing.created_at
        )
        save = saving(by_hand.save)
        assert (save.created, save.old_values) == (False, {"name": "First"})

    @pytest.mark.parametrize(
        "duplicate",
        [copy.copy, copy.deepcopy, lambda business: pickle.loads(pickle.dumps(business))],
    )
    def test_a_copy_looks_its_row_up(self, duplicate: Callable[[Business], Business]) -> None:
        business = BusinessFactory.create(name="First")
        assert rename(duplicate(business), "Second").old_values == {"name": "First"}


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    """Uses a connection whose transactions are committed or rolled back."""

    @pytest.fixture
    def business(self) -> Business:
        return BusinessFactory.create(name="First")

    def test_after_a_commit_the_next_save_starts_from_it(self, business: Business) -> None:
        with transaction.atomic():
            rename(business, "Second")
        assert rename(business, "Third").old_values == {"name": "Second"}

    def test_after_a_rollback_the_same_change_is_reported_again(self, business: Business) -> None:
        with rolled_back():
            rename(business, "Second")
        assert rename(business, "Second").old_values == {"name": "First"}

    def test_two_saves_rolled_back_together_fall_back_to_before_the_first(
        self, business: Business
    ) -> None:
        with rolled_back():
            rename(business, "Second")
            assert rename(business, "Third").old_values == {"name": "Second"}
        assert rename(business, "Third").old_values == {"name": "First"}

    def test_a_savepoint_rolled_back_leaves_the_saves_around_it(self, business: Business) -> None:
        with transaction.atomic():
            rename(business, "Second")
            with rolled_back():
                rename(business, "Third")
            assert rename(business, "Third").old_values == {"name": "Second"}
        assert rename(business, "Fourth").old_values == {"name": "Third"}

    def test_a_released_savepoint_is_undone_with_the_outer_transaction(
        self, business: Business
    ) -> None:
        with rolled_back():
            with transaction.atomic():
                rename(business, "Second")
            with transaction.atomic():
                rename(business, "Third")
        assert rename(business, "Third").old_values == {"name": "First"}

    def test_a_block_without_a_savepoint_is_undone_with_the_outer_one(
        self, business: Business
    ) -> None:
        with transaction.atomic():
            with rolled_back(savepoint=False):
                rename(business, "Second")
            assert rename(business, "Second").old_values == {"name": "First"}
        assert rename(business, "Third").old_values == {"name": "Second"}

    def test_a_nested_rollback_is_known_when_the_outer_block_commits(
        self, business: Business
    ) -> None:
        with transaction.atomic():
            rename(business, "Second")
            with rolled_back(), transaction.atomic():
                rename(business, "Third")
        assert rename(business, "Third").old_values == {"name": "Second"}

    def test_several_transactions_in_a_row_count_separately(self, business: Business) -> None:
        for commits, name in [
            (True, "Second"),
            (False, "Third"),
            (False, "Fourth"),
            (True, "Fifth"),
        ]:
            if commits:
                with transaction.atomic():
                    rename(business, name)
            else:
                with rolled_back():
                    rename(business, name)
        assert rename(business, "Sixth").old_values == {"name": "Fifth"}

    def test_a_creation_that_was_rolled_back_is_a_creation_again(self) -> None:
        business = BusinessFactory.build(name="New")
        with rolled_back():
            assert saving(business.save).before is None
        save = saving(business.save)
        assert (save.created, save.before) == (True, None)

    def test_a_creation_and_a_change_rolled_back_together_are_a_creation_again(self) -> None:
        business = BusinessFactory.build(name="New")
        with rolled_back():
            business.save()
            rename(business, "Newer")
        save = saving(business.save)
        assert (save.created, save.before) == (True, None)

    def test_a_save_that_the_database_refuses_changes_no_known_values(
        self, business: Business
    ) -> None:
        BusinessFactory.create(name="Taken")
        business.name = "Taken"
        with pytest.raises(IntegrityError):
            business.save()
        assert rename(business, "Second").old_values == {"name": "First"}

    def test_a_failing_receiver_undoes_the_save_in_autocommit_too(self, business: Business) -> None:
        def fail(**kwargs: Any) -> None:
            raise BlockFailed

        post_save.connect(fail, sender=Business)
        try:
            business.name = "Second"
            with pytest.raises(BlockFailed):
                business.save()
        finally:
            post_save.disconnect(fail, sender=Business)
        assert Business.objects.get(pk=business.pk).name == "First"
        assert rename(business, "Second").old_values == {"name": "First"}

    def test_a_commit_hook_registered_before_the_save_sees_the_commit(
        self, business: Business
    ) -> None:
        saves: list[Saved] = []
        with transaction.atomic():
            transaction.on_commit(
                lambda: saves.append(saving(lambda: business.save(update_fields=["country"])))
            )
            business.country = "CA"
            business.save()
        assert saves[0].changed == frozenset()

    def test_a_failing_commit_hook_does_not_undo_the_commit(self, business: Business) -> None:
        def fail() -> None:
            raise BlockFailed

        with pytest.raises(BlockFailed), transaction.atomic():  # noqa: PT012
            transaction.on_commit(fail)
            rename(business, "Second")
        assert rename(business, "Third").old_values == {"name": "Second"}

    def test_a_refresh_after_a_rollback_sets_the_known_values(self, business: Business) -> None:
        with rolled_back():
            rename(business, "Second")
        Business.objects.filter(pk=business.pk).update(name="Meanwhile")
        business.refresh_from_db()
        assert rename(business, "Third").old_values == {"name": "Meanwhile"}

    def test_noticing_a_rollback_needs_no_query(self, business: Business) -> None:
        employee = EmployeeFactory.create(business=business)
        with rolled_back():
            employee.save()
        with transaction.atomic():
            assert queries(employee.save) == ["UPDATE"]

    def test_saves_of_a_transaction_share_one_hook(self, business: Business) -> None:
        with transaction.atomic():
            customers = CustomerFactory.create_batch(5, business=business)
            for customer in customers:
                customer.last_visit = customer.created_at + timedelta(days=1)
                customer.save()
            business.save()
            hooks = [type(hook).__name__ for _, hook, *_ in connection.run_on_commit]
            assert hooks.count("TransactionState") == 1

    def test_the_undo_log_does_not_grow_with_the_number_of_saves(self, business: Business) -> None:
        for number in range(20):
            rename(business, f"Name {number}")
        with transaction.atomic():
            for number in range(20):
                rename(business, f"Other name {number}")
            assert len(business._undo_log) == 1


SAVE = "save"
# A list of saves and blocks. A block is a tuple of whether it commits and another such list.
blocks = st.recursive(
    st.lists(st.just(SAVE), max_size=3),
    lambda inner: st.lists(st.just(SAVE) | st.tuples(st.booleans(), inner), max_size=4),
    max_leaves=12,
)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=60, deadline=None)
@given(steps=blocks)
def test_before_always_equals_the_row_in_the_database(steps: list[Any]) -> None:
    business = BusinessFactory.create()
    names = iter(range(1000))

    def save() -> None:
        stored = Business.objects.values_list("name", flat=True).get(pk=business.pk)
        assert rename(business, f"{business.pk}-{next(names)}").old_values == {"name": stored}

    def run_steps(steps: list[Any]) -> None:
        for step in steps:
            if step == SAVE:
                save()
            else:
                commits, inner = step
                with transaction.atomic() if commits else rolled_back():
                    run_steps(inner)

    run_steps(steps)
    save()


@pytest.mark.django_db
def test_saves_are_tracked_in_a_test_that_never_commits(customer: Customer) -> None:
    with transaction.atomic():
        customer.first_name = "Second"
        customer.save()
    customer.first_name = "Third"
    assert saving(customer.save).old_values == {"first_name": "Second"}
