from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # CONCURRENTLY: saves go on while the indexes are built.
    atomic = False

    dependencies = [
        ("customers", "0014_lists_of_any_size"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                models.F("business"),
                models.F("id"),
                condition=models.Q(("kind", "CORPORATE")),
                name="customer_corporate",
            ),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                models.F("business"),
                models.F("id"),
                condition=models.Q(("source", "Website")),
                name="customer_of_website",
            ),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                models.F("business"),
                models.F("payment_term"),
                models.F("id"),
                condition=models.Q(("payment_term", "POS"), _negated=True),
                name="customer_by_payment_term",
            ),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                models.F("business"),
                models.F("visit_frequency"),
                models.F("id"),
                condition=models.Q(("visit_frequency", "unknown"), _negated=True),
                name="customer_by_frequency",
            ),
        ),
        AddIndexConcurrently(
            model_name="nightlytext",
            index=models.Index(
                condition=models.Q(("status__in", ["refused", "unknown", "expired"])),
                fields=["business", "status", "-pickup_date", "-id"],
                name="nightly_text_failed",
            ),
        ),
        AddIndexConcurrently(
            model_name="pickuprequest",
            index=models.Index(
                models.F("business"),
                models.F("status"),
                models.F("pickup_date"),
                condition=models.Q(("status", "completed"), _negated=True),
                name="pickup_not_completed",
            ),
        ),
        AddIndexConcurrently(
            model_name="regularpickuprequest",
            index=models.Index(
                models.F("business"),
                models.F("status"),
                models.F("requested_at"),
                condition=models.Q(("status", "approved"), _negated=True),
                name="regular_request_not_approved",
            ),
        ),
        AddIndexConcurrently(
            model_name="stop",
            index=models.Index(
                models.F("business"),
                models.F("scheduled_for"),
                condition=models.Q(("status", "missed")),
                name="stop_missed",
            ),
        ),
    ]
