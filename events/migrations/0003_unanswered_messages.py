import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("events", "0002_longer_outcomes"),
    ]

    operations = [
        migrations.AddField(
            model_name="lane",
            name="accepted_destination",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Fingerprint of the region and write key that were last accepted.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="destination_accepted_at",
            field=models.DateTimeField(
                blank=True, help_text="When they were, by a message or a test event.", null=True
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="in_flight",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="The identifies that the worker with the lease may have posted: message id -> customer id and hash of the traits.",
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="refused_in_row",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Messages that Segment refused alone since it last accepted one.",
            ),
        ),
        migrations.AddField(
            model_name="outgoing",
            name="unanswered_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it was last posted without an answer: since then Segment may have it.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="UnansweredIdentify",
            fields=[
                ("message_id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("customer_id", models.BigIntegerField()),
                ("user_id", models.UUIDField()),
                ("occurred_at", models.DateTimeField()),
                ("posted_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField()),
                ("traits_hash", models.CharField(blank=True, max_length=32)),
                ("body", models.TextField(blank=True)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
        ),
    ]
