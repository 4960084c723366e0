from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Reverse


class Migration(migrations.Migration):
    # CONCURRENTLY: saves go on while the indexes are built.
    atomic = False

    dependencies = [("customers", "0013_room_for_fifths")]

    operations = [
        AddIndexConcurrently(
            "customer", models.Index("business", "created_at", name="customer_by_signup")
        ),
        AddIndexConcurrently("visit", models.Index("business", "day", name="visit_by_day")),
        AddIndexConcurrently(
            "regularpickuprequest",
            models.Index("business", "requested_at", name="regular_request_by_time"),
        ),
        AddIndexConcurrently(
            "incomingtext",
            models.Index(
                "business",
                OpClass(Reverse("phone"), name="text_pattern_ops"),
                name="incoming_text_found_by_phone",
            ),
        ),
    ]
