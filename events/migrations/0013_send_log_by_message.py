from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, transaction

INDEX = BrinIndex(
    fields=["message_id"], name="sendlog_by_message", autosummarize=True, pages_per_range=64
)
PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events_sendlog'::regclass
"""
OPTIONS = "USING brin (message_id) WITH (autosummarize = on, pages_per_range = 64)"


def create_index(apps: Any, schema_editor: Any) -> None:
    """Create the index of each month without keeping its writers waiting, then that of all.

    A partitioned table's index cannot be created CONCURRENTLY.
    """
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS sendlog_by_message ON ONLY events_sendlog {OPTIONS}"
        )
        cursor.execute(PARTITIONS)
        for (partition,) in cursor.fetchall():
            name = f"{partition}_message_id_brin"
            # one that an interrupted run left unfinished
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            cursor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {partition} {OPTIONS}")
            cursor.execute(f"ALTER INDEX sendlog_by_message ATTACH PARTITION {name}")


def drop_former_index(apps: Any, schema_editor: Any) -> None:
    """Drop it in a moment, or fail: while a drop waits for its lock, settling waits behind it.

    After a failure, `migrate` can be run again.
    """
    with transaction.atomic(), schema_editor.connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute("DROP INDEX IF EXISTS sendlog_message")


def create_former_index(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("CREATE INDEX sendlog_message ON events_sendlog (message_id)")


def drop_index(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP INDEX sendlog_by_message")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("events", "0012_packed_messages")]

    operations = [
        migrations.RunPython(create_index, drop_index),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex("sendlog", INDEX)]
        ),
        migrations.RunPython(drop_former_index, create_former_index),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveIndex("sendlog", "sendlog_message")]
        ),
    ]
