"""Write keys are encrypted in the database, with keys that can be rotated."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from events.encryption import Unreadable, decrypt, encrypt
from events.models import Integration, Lane
from tests.conftest import WRITE_KEY
from tests.customers.contention import wait_for_waiting
from tests.events.other_connections import closing_connection, uncommitted
from tests.events.outbox_rows import nothing_written
from tests.factories import BusinessFactory

OTHER_KEY = "Z" * 32


def stored_write_keys() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT write_key FROM events_integration ORDER BY business_id")
        return [row[0] for row in cursor.fetchall()]


def create_integration(write_key: str = WRITE_KEY) -> Integration:
    return Integration.objects.create(business=BusinessFactory.create(), write_key=write_key)


def rotate(*options: str) -> str:
    output = StringIO()
    call_command("rotate_field_keys", *options, stdout=output)
    return output.getvalue().strip()


@pytest.fixture
def new_key(settings: Any) -> str:
    """Put a new key before the present ones, as an operator does before rotating."""
    key = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [key, *settings.FIELD_KEYS]
    return key


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_secret_can_be_decrypted_and_is_never_encrypted_the_same_way(secret: str) -> None:
    one, two = encrypt(secret), encrypt(secret)
    assert decrypt(one) == decrypt(two) == secret
    assert one != two
    assert secret not in one or len(secret) < 6


def test_an_empty_secret_stays_empty() -> None:
    assert encrypt("") == decrypt("") == ""


def test_encryption_does_not_depend_on_the_secret_key(settings: Any) -> None:
    token = encrypt(WRITE_KEY)
    settings.SECRET_KEY = "another"
    assert decrypt(token) == WRITE_KEY


@pytest.mark.django_db
class TestStoredWriteKey:
    def test_a_write_key_is_never_stored_in_plain_text(self) -> None:
        integration = create_integration()
        (token,) = stored_write_keys()
        assert WRITE_KEY not in token
        assert WRITE_KEY[:8] not in token
        assert Integration.objects.get().write_key == WRITE_KEY
        integration.write_key = OTHER_KEY
        integration.save(update_fields=["write_key"])
        (after,) = stored_write_keys()
        assert OTHER_KEY not in after
        assert Integration.objects.values_list("write_key", flat=True).get() == OTHER_KEY
        Integration.objects.update(write_key=WRITE_KEY)
        assert WRITE_KEY not in stored_write_keys()[0]

    def test_no_table_contains_a_write_key_in_plain_text(self) -> None:
        """None of the rows that saving an integration writes contains it."""
        create_integration()
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{WRITE_KEY}%"]
                )
                assert cursor.fetchone() == (0,), table

    def test_a_missing_write_key_is_stored_as_an_empty_string(self) -> None:
        create_integration("")
        assert stored_write_keys() == [""]
        assert Integration.objects.get().write_key == ""

    def test_a_write_key_that_no_field_key_decrypts_is_unreadable_and_others_are_not(
        self, settings: Any
    ) -> None:
        lost, kept = create_integration(), None
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        kept = create_integration(OTHER_KEY)
        keys = {row.pk: row.write_key for row in Integration.objects.all()}
        assert keys == {lost.pk: "", kept.pk: OTHER_KEY}
        assert isinstance(keys[lost.pk], Unreadable)
        assert not isinstance(keys[kept.pk], Unreadable)

    def test_a_save_does_not_overwrite_an_unreadable_write_key(self, settings: Any) -> None:
        create_integration()
        before = stored_write_keys()
        old_keys, settings.FIELD_KEYS = settings.FIELD_KEYS, [Fernet.generate_key().decode()]
        integration = Integration.objects.get()
        integration.muted = ["Order Ready"]
        with (
            pytest.raises(
                ValueError,
                match=r"write_key cannot be decrypted with FIELD_KEYS, .* Enter it again",
            ),
            transaction.atomic(),
        ):
            integration.save()
        assert stored_write_keys() == before
        integration.save(update_fields=["muted"])
        assert stored_write_keys() == before
        settings.FIELD_KEYS = old_keys
        assert Integration.objects.get().write_key == WRITE_KEY

    def test_an_unreadable_write_key_can_be_replaced(self, settings: Any) -> None:
        create_integration()
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        integration = Integration.objects.get()
        integration.write_key = OTHER_KEY
        integration.save()
        assert Integration.objects.get().write_key == OTHER_KEY

    @pytest.mark.parametrize("damaged", ["gAAAA", "not a token", WRITE_KEY, "ü"])
    def test_a_damaged_write_key_is_unreadable(self, damaged: str) -> None:
        create_integration()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_integration SET write_key = %s", [damaged])
        assert isinstance(Integration.objects.get().write_key, Unreadable)


@pytest.mark.django_db
class TestRotateFieldKeys:
    def test_rotating_encrypts_every_write_key_with_the_newest_field_key(
        self, new_key: str, settings: Any
    ) -> None:
        settings.FIELD_KEYS = settings.FIELD_KEYS[1:]
        create_integration()
        create_integration(OTHER_KEY)
        create_integration("")
        before = stored_write_keys()
        settings.FIELD_KEYS = [new_key, *settings.FIELD_KEYS]
        assert (
            rotate() == "2 write keys encrypted again. 0 cannot be decrypted with FIELD_KEYS "
            "and were not changed."
        )
        assert all(
            token != old for token, old in zip(stored_write_keys()[:2], before, strict=False)
        )
        settings.FIELD_KEYS = [new_key]
        assert [row.write_key for row in Integration.objects.order_by("pk")] == [
            WRITE_KEY,
            OTHER_KEY,
            "",
        ]

    def test_rotating_changes_no_lane_and_sends_nothing(self, new_key: str) -> None:
        create_integration()
        lanes = list(Lane.objects.values())
        with nothing_written():
            rotate()
        assert list(Lane.objects.values()) == lanes

    def test_rotating_does_not_change_an_unreadable_key(self, settings: Any) -> None:
        create_integration()
        lost = stored_write_keys()
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        create_integration(OTHER_KEY)
        assert (
            rotate() == "1 write keys encrypted again. 1 cannot be decrypted with FIELD_KEYS "
            "and were not changed."
        )
        assert stored_write_keys()[:1] == lost

    def test_rotating_with_dry_run_changes_nothing(self, new_key: str) -> None:
        create_integration()
        before = stored_write_keys()
        assert (
            rotate("--dry-run")
            == "1 write keys would be encrypted again. 0 cannot be decrypted with FIELD_KEYS "
            "and were not changed."
        )
        assert stored_write_keys() == before

    def test_the_command_prints_a_valid_key(self, settings: Any) -> None:
        output = StringIO()
        call_command("new_field_key", stdout=output)
        settings.FIELD_KEYS = [output.getvalue().strip(), *configured.FIELD_KEYS]
        create_integration()
        settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
        assert Integration.objects.get().write_key == WRITE_KEY


@pytest.mark.django_db(transaction=True)
def test_a_key_that_its_owner_replaces_meanwhile_is_kept() -> None:
    integration = create_integration()

    def replace() -> None:
        integration.write_key = OTHER_KEY
        integration.save()

    with uncommitted(replace) as commit, ThreadPoolExecutor(1) as operator:
        rotating = operator.submit(closing_connection, rotate)
        wait_for_waiting(1)
        commit()
        assert rotating.result(20).startswith("1 write keys encrypted again")
    assert Integration.objects.get().write_key == OTHER_KEY
