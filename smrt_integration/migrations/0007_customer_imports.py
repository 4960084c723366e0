import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import smrt_integration.imports.models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0015_filters_of_any_size"),
        ("smrt_integration", "0006_callers_of_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uuid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                    ),
                ),
                (
                    "requested_by_name",
                    models.CharField(
                        help_text="A user, an API key or a command, in words.", max_length=150
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(choices=[("csv", "CSV"), ("ndjson", "NDJSON")], max_length=6),
                ),
                (
                    "file",
                    models.FileField(
                        storage=smrt_integration.imports.models.import_storage,
                        upload_to=smrt_integration.imports.models.stored_name,
                    ),
                ),
                ("file_name", models.CharField(help_text="As its user calls it.", max_length=255)),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.")),
                (
                    "encoding",
                    models.CharField(help_text="A name of Python's, such as utf-8.", max_length=16),
                ),
                (
                    "delimiter",
                    models.CharField(blank=True, help_text="Empty for NDJSON.", max_length=1),
                ),
                (
                    "day_order",
                    models.CharField(
                        choices=[
                            ("dmy", "Day first: 27/03/2026"),
                            ("mdy", "Month first: 03/27/2026"),
                        ],
                        max_length=3,
                    ),
                ),
                (
                    "assigned",
                    models.JSONField(
                        default=list,
                        help_text="Pairs of a heading and its field, in the order of the file.",
                    ),
                ),
                ("is_dry_run", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("columns", "Waits for its columns"),
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                        ],
                        default="columns",
                        max_length=8,
                    ),
                ),
                (
                    "failure",
                    models.TextField(blank=True, help_text="Why it failed, as a sentence."),
                ),
                (
                    "position",
                    models.PositiveBigIntegerField(
                        default=0, help_text="The byte at which the next line begins."
                    ),
                ),
                (
                    "lines",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="Lines that were read, without the headings and empty lines.",
                    ),
                ),
                (
                    "line_number",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="The line of the file that was read last. A quoted line break counts.",
                    ),
                ),
                ("created", models.PositiveBigIntegerField(default=0)),
                ("updated", models.PositiveBigIntegerField(default=0)),
                ("unchanged", models.PositiveBigIntegerField(default=0)),
                ("refused", models.PositiveBigIntegerField(default=0)),
                ("probable_duplicates", models.PositiveBigIntegerField(default=0)),
                (
                    "postponed",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Lines whose customer was being changed. They are tried again.",
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often the next chunk was begun."
                    ),
                ),
                ("attempted_at", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                (
                    "ended_at",
                    models.DateTimeField(help_text="Finished, failed or canceled.", null=True),
                ),
                (
                    "business",
                    models.ForeignKey(
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
                "verbose_name": "import of customers",
                "verbose_name_plural": "imports of customers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=["id"],
                        name="import_open",
                    ),
                    models.Index(fields=["business", "-id"], name="import_by_business"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.PositiveBigIntegerField(help_text="The line of the file, from 1."),
                ),
                (
                    "external_id",
                    models.TextField(blank=True, help_text="Empty if the line was refused."),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("created", "New customer"),
                            ("updated", "Changed"),
                            ("unchanged", "Nothing to change"),
                            ("refused", "Refused"),
                            ("postponed", "Tried again later"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "reason",
                    models.TextField(blank=True, help_text="Why it was refused, or what changes."),
                ),
                (
                    "duplicate_of",
                    models.TextField(
                        blank=True,
                        help_text="Another customer with the same phone or email, in words.",
                    ),
                ),
                (
                    "raw",
                    models.TextField(blank=True, help_text="The line itself, if it was refused."),
                ),
                (
                    "phone",
                    models.TextField(
                        blank=True, help_text="Of a dry run, to find probable duplicates."
                    ),
                ),
                (
                    "email",
                    models.TextField(
                        blank=True, help_text="Of a dry run, to find probable duplicates."
                    ),
                ),
                (
                    "customer_import",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="smrt_integration.customerimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "line of an import",
                "verbose_name_plural": "lines of an import",
                "indexes": [
                    models.Index(
                        fields=["customer_import", "outcome", "number"],
                        name="import_line_by_outcome",
                    ),
                    models.Index(
                        condition=models.Q(("duplicate_of", ""), _negated=True),
                        fields=["customer_import", "number"],
                        name="import_line_duplicate",
                    ),
                    models.Index(
                        condition=models.Q(("phone", ""), _negated=True),
                        fields=["customer_import", "phone"],
                        name="import_line_by_phone",
                    ),
                    models.Index(
                        condition=models.Q(("email", ""), _negated=True),
                        fields=["customer_import", "email"],
                        name="import_line_by_email",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer_import", "number"), name="import_line_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("customer_import", "external_id"),
                        name="import_external_id_once",
                    ),
                ],
            },
        ),
    ]
