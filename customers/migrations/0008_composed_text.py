from typing import Any

from django.db import IntegrityError, migrations, transaction

# Texts that people type. They are composed (NFC) when they are saved from now on.
COLUMNS = {
    "customers_business": ("name",),
    "customers_brand": ("name",),
    "customers_agent": ("name",),
    "customers_employee": ("name",),
    "customers_department": ("name",),
    "customers_customergroup": ("name",),
    "customers_discount": ("name", "description"),
    "customers_customfield": ("name",),
    "customers_customfieldvalue": ("value",),
    "customers_customer": (
        "company_name",
        "first_name",
        "last_name",
        "email",
        "phone_note",
        "street",
        "city",
        "state",
        "postal_code",
    ),
    "customers_regularpickuprequest": ("street", "city", "state", "postal_code"),
    "customers_order": ("number",),
    "customers_lineitem": ("description", "unit"),
}
CHUNK = 1_000


def compose(apps: Any, schema_editor: Any) -> None:
    """Compose the texts in chunks by SQL: so no signal is sent, and no event is recorded.

    A name that another row has in the composed form stays as it is; its owner can rename it.
    """
    for table, columns in COLUMNS.items():
        last = 0
        while ids := _next(schema_editor.connection, table, columns, last):
            last = ids[-1]
            try:
                _update(schema_editor.connection, table, columns, ids)
            except IntegrityError:
                for one in ids:
                    try:
                        _update(schema_editor.connection, table, columns, [one])
                    except IntegrityError:
                        continue


def _next(connection: Any, table: str, columns: tuple[str, ...], last: int) -> list[int]:
    other = " OR ".join(f"{column} IS NOT NFC NORMALIZED" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id > %s AND ({other}) ORDER BY id LIMIT %s",
            [last, CHUNK],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _update(connection: Any, table: str, columns: tuple[str, ...], ids: list[int]) -> None:
    values = ", ".join(f"{column} = normalize({column}, NFC)" for column in columns)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {values} WHERE id = ANY(%s)", [ids])


class Migration(migrations.Migration):
    # Each chunk is a transaction of its own, so saves go on meanwhile.
    atomic = False

    dependencies = [("customers", "0007_folded_search")]

    operations = [migrations.RunPython(compose, migrations.RunPython.noop)]
