import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import smrt_integration.exports.models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("smrt_integration", "0002_heartbeat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "matching",
                    models.JSONField(help_text="The filter that says which messages are meant."),
                ),
                ("filter_in_words", models.TextField(help_text="The filter as its user saw it.")),
                (
                    "up_to",
                    models.BigIntegerField(
                        help_text="The newest entry of the send log at that time."
                    ),
                ),
                (
                    "expected",
                    models.PositiveBigIntegerField(help_text="How many matched; 0 if not counted."),
                ),
                (
                    "folder",
                    models.CharField(
                        default=smrt_integration.exports.models.new_folder,
                        max_length=32,
                        unique=True,
                    ),
                ),
                (
                    "parts",
                    models.JSONField(
                        default=list, help_text="The names of the stored files, in order."
                    ),
                ),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                (
                    "position",
                    models.TextField(default="", help_text="The last entry that was written."),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often the next part was begun."
                    ),
                ),
                ("attempted_at", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                (
                    "business",
                    models.ForeignKey(
                        help_text="Empty when the messages are of several businesses.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "indexes": [
                    models.Index(
                        condition=models.Q(("failed_at", None), ("finished_at", None)),
                        fields=["id"],
                        name="export_open",
                    )
                ],
            },
        ),
    ]
