from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # CONCURRENTLY: texts are sent on while the indexes are built.
    atomic = False

    dependencies = [("customers", "0011_text_queues")]

    operations = [
        AddIndexConcurrently(
            "nightlytext",
            models.Index(
                "business",
                "next_at",
                "id",
                name="nightly_text_due",
                condition=models.Q(status="waiting"),
            ),
        ),
        AddIndexConcurrently(
            "nightlytext",
            models.Index("until", name="nightly_text_until", condition=models.Q(status="waiting")),
        ),
        # By time alone it led a claim through the texts of all numbers that have to wait.
        RemoveIndexConcurrently("nightlytext", "nightly_text_waiting"),
    ]
