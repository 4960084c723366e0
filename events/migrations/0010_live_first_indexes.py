from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # CONCURRENTLY: saves and deliveries go on while the indexes are built.
    atomic = False

    dependencies = [("events", "0009_live_first")]

    operations = [
        AddIndexConcurrently(
            "outgoing",
            models.Index(fields=["business", "is_bulk", "id"], name="outgoing_live_first"),
        ),
        AddIndexConcurrently(
            "outgoing",
            models.Index(
                fields=["customer", "id"],
                condition=Q(is_bulk=True) & ~Q(event="identify"),
                name="outgoing_bulk_by_customer",
            ),
        ),
        RemoveIndexConcurrently("outgoing", "outgoing_lane"),
    ]
