import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("events", "0003_unanswered_messages"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusedTraits",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                (
                    "destination",
                    models.CharField(
                        help_text="Fingerprint of the region and write key that refused them.",
                        max_length=16,
                    ),
                ),
                (
                    "traits_hash",
                    models.CharField(
                        help_text="Of all traits, as they were when they were refused.",
                        max_length=32,
                    ),
                ),
                (
                    "omitted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        default=list,
                        help_text="The traits that were left out so that Segment accepted the others. Empty if it accepted none.",
                        size=None,
                    ),
                ),
                (
                    "omitted_hash",
                    models.CharField(help_text="Of the values that were left out.", max_length=32),
                ),
                ("reason", models.TextField(help_text="What Segment answered.")),
                ("refused_at", models.DateTimeField()),
                (
                    "send_up_to",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Tracks up to this id are sent: the owner chose so.",
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HeldTrack",
            fields=[
                (
                    "user_id",
                    models.UUIDField(
                        help_text="The customer's public id, kept for when the customer's row is gone."
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        help_text="The event's name as in the catalogue, or identify.",
                        max_length=64,
                    ),
                ),
                (
                    "subject_id",
                    models.BigIntegerField(
                        help_text="The row the event is about: an order, a stop, a customer."
                    ),
                ),
                (
                    "message_id",
                    models.CharField(
                        help_text="32 hex digits; the same on every attempt.", max_length=32
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                (
                    "facts",
                    models.JSONField(default=dict, help_text="What was true when it happened."),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "unanswered_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it was last posted without an answer: since then Segment may have it.",
                        null=True,
                    ),
                ),
                ("last_error", models.TextField(blank=True, db_default="", default="")),
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "held_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["business", "id"], name="held_by_business"),
                    models.Index(fields=["customer", "id"], name="held_by_customer"),
                ],
            },
        ),
    ]
