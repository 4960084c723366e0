from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # an index is made concurrently outside a transaction
    atomic = False
    dependencies = [("customers", "0007_stop_reported")]
    operations = [
        AddIndexConcurrently(
            "order",
            models.Index(
                models.F("business"),
                models.F("created_at"),
                condition=models.Q(("status", "returned"), _negated=True),
                name="order_still_here",
            ),
        ),
        AddIndexConcurrently(
            "stop",
            models.Index(
                models.F("business"),
                models.F("scheduled_for"),
                condition=models.Q(("status", "pending")),
                name="stop_pending",
            ),
        ),
    ]
