import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import events.encryption
import events.models.integration

# Partitioned by month, which Django's schema editor cannot express. The primary key must contain the
# partition's column; the models use `id` alone, which the sequence keeps unique. A sequence and not an
# identity column: before PostgreSQL 17, a partitioned table cannot have one.
SEND_LOG = """
CREATE SEQUENCE events_sendlog_id_seq;
CREATE TABLE events_sendlog (
    id bigint NOT NULL DEFAULT nextval('events_sendlog_id_seq'),
    business_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    user_id uuid NOT NULL,
    event varchar(64) NOT NULL,
    subject_id bigint NOT NULL,
    message_id varchar(32) NOT NULL,
    occurred_at timestamptz NOT NULL,
    sent_at timestamptz,
    settled_at timestamptz NOT NULL,
    outcome varchar(8) NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    body text NOT NULL,
    facts jsonb,
    brand_id bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, settled_at)
) PARTITION BY RANGE (settled_at);
ALTER SEQUENCE events_sendlog_id_seq OWNED BY events_sendlog.id;
CREATE INDEX sendlog_customer ON events_sendlog (business_id, customer_id, id);
CREATE INDEX sendlog_class
    ON events_sendlog (business_id, event, outcome, brand_id, settled_at, id);
CREATE INDEX sendlog_message ON events_sendlog (message_id);
"""
DELIVERY_ATTEMPTS = """
CREATE SEQUENCE events_deliveryattempt_id_seq;
CREATE TABLE events_deliveryattempt (
    id bigint NOT NULL DEFAULT nextval('events_deliveryattempt_id_seq'),
    business_id bigint NOT NULL,
    at timestamptz NOT NULL,
    status smallint,
    milliseconds integer NOT NULL,
    messages integer NOT NULL,
    bytes integer NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
ALTER SEQUENCE events_deliveryattempt_id_seq OWNED BY events_deliveryattempt.id;
CREATE INDEX attempt_business ON events_deliveryattempt (business_id, at);
"""
STORAGE = """
-- Lanes and today's counts are updated all the time: room on each page keeps the updates in place (HOT),
-- without touching an index.
ALTER TABLE events_lane SET (fillfactor = 50);
ALTER TABLE events_dailycount SET (fillfactor = 70);
ALTER TABLE events_dailydelay SET (fillfactor = 70);
-- The outbox is all inserts and deletes: vacuum it by the number of dead rows, not by a share of the rows
-- that happen to wait.
ALTER TABLE events_outgoing SET (
    fillfactor = 90,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("customers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("waiting", "Waiting for an hour"), ("stopped", "Stopped")],
                        max_length=7,
                    ),
                ),
                ("since", models.DateTimeField(help_text="When the problem began.")),
                ("found_at", models.DateTimeField()),
                (
                    "told",
                    models.CharField(
                        blank=True,
                        choices=[("waiting", "Waiting for an hour"), ("stopped", "Stopped")],
                        default="",
                        help_text="The worst kind that owners got an email about.",
                        max_length=7,
                    ),
                ),
                (
                    "told_at",
                    models.DateTimeField(
                        help_text="When the last email about it was sent.", null=True
                    ),
                ),
                (
                    "emails",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How many emails about it were sent."
                    ),
                ),
                (
                    "quiet_since",
                    models.DateTimeField(
                        help_text="Since when it has looked solved; empty while it does not.",
                        null=True,
                    ),
                ),
                (
                    "telling_until",
                    models.DateTimeField(
                        help_text="Until then, only the worker that claimed it may send an email.",
                        null=True,
                    ),
                ),
                ("over_at", models.DateTimeField(null=True)),
                (
                    "told_over_at",
                    models.DateTimeField(
                        help_text="When the email that it is solved was sent.", null=True
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["business", "told_at"], name="alert_told")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("over_at", None)),
                        fields=("business",),
                        name="alert_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "event",
                        "outcome",
                        "brand_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
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
                ("event", models.CharField(max_length=64)),
                ("outcome", models.CharField(max_length=8)),
                ("brand_id", models.BigIntegerField()),
                (
                    "day",
                    models.DateField(
                        help_text="The business's own day on which the outcome was known."
                    ),
                ),
                ("messages", models.PositiveBigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["business", "day"], name="dailycount_business_day"),
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["day"], name="dailycount_day", pages_per_range=32
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyDelay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "business_id",
                        "day",
                        "bucket",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
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
                ("day", models.DateField()),
                ("bucket", models.SmallIntegerField()),
                ("messages", models.PositiveBigIntegerField()),
                (
                    "worst_ms",
                    models.PositiveBigIntegerField(
                        help_text="The longest in this bucket, in milliseconds."
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["day"], name="dailydelay_day", pages_per_range=32
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Integration",
            fields=[
                (
                    "business",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="integration",
                        serialize=False,
                        to="customers.business",
                    ),
                ),
                ("enabled", models.BooleanField(default=False, verbose_name="switched on")),
                (
                    "enabled_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When it was switched on; empty while it is off.",
                        null=True,
                    ),
                ),
                (
                    "write_key",
                    events.encryption.EncryptedTextField(
                        blank=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9]{32}\\Z",
                                "A write key is 32 letters and digits. Copy it from Segment: Connections > Sources > your source > Settings > API Keys.",
                            )
                        ],
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        choices=[("us", "United States"), ("eu", "European Union")],
                        default="us",
                        max_length=2,
                    ),
                ),
                (
                    "muted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        blank=True,
                        default=list,
                        size=None,
                        validators=[events.models.integration.validate_event_names],
                    ),
                ),
                (
                    "weekly_limit",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="lost after, weekly",
                    ),
                ),
                (
                    "bi_weekly_limit",
                    models.PositiveSmallIntegerField(
                        default=31,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="lost after, bi-weekly",
                    ),
                ),
                (
                    "monthly_limit",
                    models.PositiveSmallIntegerField(
                        default=62,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="lost after, monthly",
                    ),
                ),
                (
                    "irregular_limit",
                    models.PositiveSmallIntegerField(
                        default=92,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="lost after, irregular or unknown",
                    ),
                ),
                (
                    "birthday_field_since",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "birthday_hour",
                    models.PositiveSmallIntegerField(
                        default=9, validators=[django.core.validators.MaxValueValidator(23)]
                    ),
                ),
                (
                    "retention_months",
                    models.PositiveSmallIntegerField(
                        default=13,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(120),
                        ],
                        verbose_name="keep the send log for months",
                    ),
                ),
                (
                    "birthday_field",
                    models.ForeignKey(
                        blank=True,
                        limit_choices_to={"kind": "DATE"},
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.customfield",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Request",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("again", "Send again"), ("discard", "Discard")], max_length=7
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "matching",
                    models.JSONField(
                        default=dict,
                        help_text="The filter that says which messages of the business are meant.",
                    ),
                ),
                (
                    "expected",
                    models.PositiveBigIntegerField(
                        help_text="How many matched when it was requested."
                    ),
                ),
                ("done", models.PositiveBigIntegerField(default=0)),
                (
                    "passed_over",
                    models.PositiveBigIntegerField(
                        default=0, help_text="Muted meanwhile, requested before, or deleted."
                    ),
                ),
                (
                    "position",
                    models.JSONField(default=dict, help_text="Where the next chunk begins."),
                ),
                ("finished_at", models.DateTimeField(null=True)),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["id"],
                        name="request_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Resent",
            fields=[
                ("log_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lapse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("found_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "since"), name="lapse_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Celebration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "year"), name="celebration_once_a_year"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SweepDone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sweep", models.CharField(max_length=32)),
                ("day", models.DateField()),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("business", "sweep"), name="sweep_done_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                ("last_error", models.TextField(blank=True, db_default="", default="")),
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
                "verbose_name": "waiting message",
                "indexes": [models.Index(fields=["business", "id"], name="outgoing_lane")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("event", "identify")),
                        fields=("customer",),
                        name="outgoing_one_identify_per_customer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Lane",
            fields=[
                (
                    "business",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="lane",
                        serialize=False,
                        to="customers.business",
                    ),
                ),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                (
                    "lease_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="Until then one worker has the lane; after that, any may claim it.",
                        null=True,
                    ),
                ),
                (
                    "claimed_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When it was last claimed. Lanes are served least recently claimed first.",
                    ),
                ),
                (
                    "resume_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="No attempt before this time."
                    ),
                ),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, help_text="Failed attempts in a row."),
                ),
                (
                    "generation",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Counts the owner's changes. An attempt made before one does not count.",
                    ),
                ),
                (
                    "stopped",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Why nothing is sent until the owner acts; empty while it runs.",
                    ),
                ),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "last_error",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Why the last attempt failed; empty when it did not.",
                    ),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("last_accepted_at", models.DateTimeField(blank=True, null=True)),
                ("floor", models.BigIntegerField(default=0)),
                ("next_floor", models.BigIntegerField(default=0)),
                ("floor_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="AcceptedTraits",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
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
                        help_text="Fingerprint of region and write key: another source has no traits yet.",
                        max_length=16,
                    ),
                ),
                ("traits_hash", models.CharField(max_length=32)),
                ("message_id", models.CharField(max_length=32)),
                (
                    "occurred_at",
                    models.DateTimeField(help_text="The time of the accepted identify."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TraitChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "relation",
                    models.CharField(
                        help_text="A key of events.outbox.fan_out.CUSTOMERS_CONCERNED.",
                        max_length=32,
                    ),
                ),
                ("related_id", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("after_id", models.BigIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(SEND_LOG, reverse_sql="DROP TABLE events_sendlog")
            ],
            state_operations=[
                migrations.CreateModel(
                    name="SendLog",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                        ("customer_id", models.BigIntegerField()),
                        ("user_id", models.UUIDField()),
                        ("event", models.CharField(max_length=64)),
                        ("subject_id", models.BigIntegerField()),
                        ("message_id", models.CharField(max_length=32)),
                        ("occurred_at", models.DateTimeField(help_text="When it happened.")),
                        (
                            "sent_at",
                            models.DateTimeField(
                                help_text="When it was sent; empty when it never was.", null=True
                            ),
                        ),
                        (
                            "settled_at",
                            models.DateTimeField(help_text="When its outcome was known."),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("accepted", "Accepted by Segment"),
                                    ("rejected", "Refused"),
                                    ("skipped", "Not sent"),
                                    ("expired", "Expired"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("reason", models.TextField(blank=True, default="")),
                        ("attempts", models.PositiveIntegerField()),
                        (
                            "body",
                            models.TextField(
                                blank=True,
                                default="",
                                help_text="The message exactly as sent, but with the customer's link masked.",
                            ),
                        ),
                        (
                            "facts",
                            models.JSONField(
                                help_text="Kept unless the message was accepted, to send it again.",
                                null=True,
                            ),
                        ),
                        (
                            "brand_id",
                            models.BigIntegerField(
                                db_default=0,
                                default=0,
                                help_text="The customer's brand at that time; 0 without one.",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "send log entry",
                        "verbose_name_plural": "send log",
                        "permissions": [("send_again", "Can send messages again")],
                        "indexes": [
                            models.Index(
                                fields=[
                                    "business",
                                    "event",
                                    "outcome",
                                    "brand_id",
                                    "settled_at",
                                    "id",
                                ],
                                name="sendlog_class",
                            ),
                            models.Index(
                                fields=["business", "customer_id", "id"], name="sendlog_customer"
                            ),
                            models.Index(fields=["message_id"], name="sendlog_message"),
                        ],
                    },
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    DELIVERY_ATTEMPTS, reverse_sql="DROP TABLE events_deliveryattempt"
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="DeliveryAttempt",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                        ("at", models.DateTimeField()),
                        (
                            "status",
                            models.PositiveSmallIntegerField(
                                help_text="The HTTP status; empty when no response came.", null=True
                            ),
                        ),
                        ("milliseconds", models.PositiveIntegerField()),
                        ("messages", models.PositiveIntegerField()),
                        ("bytes", models.PositiveIntegerField()),
                        ("error", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["business", "at"], name="attempt_business")
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="SwitchChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("event", models.CharField(blank=True, max_length=64)),
                ("on", models.BooleanField()),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["business", "event", "at"], name="switch_by_event")
                ],
            },
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
