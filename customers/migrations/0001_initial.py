import uuid
from decimal import Decimal
from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import customers.models.business
import customers.models.order

# The groups of owners and helpers. `customers.roles` grants their permissions after each `migrate`,
# because Django has not created the permissions yet.
GROUPS = ("Business owners", "Business helpers")


def create_groups(apps: Any, schema_editor: Any) -> None:
    for name in GROUPS:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Business",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                (
                    "time_zone",
                    models.CharField(
                        default="America/Los_Angeles",
                        max_length=64,
                        validators=[customers.models.business.validate_zone],
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        default="US",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z",
                                "Use the country's two capital letters (ISO 3166), for example US.",
                            )
                        ],
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        max_length=3,
                        validators=[customers.models.business.validate_currency],
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "uuid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "businesses",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Func(
                                models.F("time_zone"),
                                models.Value(
                                    "1970-01-01T00:00:00+00:00", output_field=models.CharField()
                                ),
                                output_field=models.BooleanField(),
                                template="timezone(%(expressions)s::timestamptz) IS NOT NULL",
                            )
                        ),
                        name="business_time_zone_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "name"), name="brand_name_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="Agent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[("STORE", "Store"), ("ROUTE", "Route")],
                        default="STORE",
                        max_length=5,
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "name"), name="agent_name_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="Employee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[("DRIVER", "Driver"), ("COUNTER", "Counter")],
                        default="COUNTER",
                        max_length=7,
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["name"],
                "indexes": [
                    models.Index(models.F("business"), models.F("name"), name="employee_by_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "name"), name="department_name_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "name"), name="customergroup_name_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Discount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("description", models.CharField(blank=True, max_length=500)),
                (
                    "kind",
                    models.CharField(
                        choices=[("PERCENT", "Percent"), ("AMOUNT", "Amount")],
                        default="PERCENT",
                        max_length=7,
                    ),
                ),
                (
                    "value",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "name"), name="discount_name_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__gte", 0),
                            models.Q(("kind", "AMOUNT"), ("value__lte", 100), _connector="OR"),
                        ),
                        name="discount_within_reason",
                        violation_error_message="A discount is at least 0 and, in percent, at most 100.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomField",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[("TEXT", "Text"), ("DATE", "Date")], default="TEXT", max_length=4
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
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
            ],
            options={
                "ordering": ["position", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "name"), name="customfield_name_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("helper", "Helper")],
                        default="helper",
                        max_length=6,
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="customers.business",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "business"), name="membership_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TextSettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=False,
                        help_text="Text customers on the evening before a pickup.",
                        verbose_name="switched on",
                    ),
                ),
                (
                    "hour",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (12, "12:00"),
                            (13, "13:00"),
                            (14, "14:00"),
                            (15, "15:00"),
                            (16, "16:00"),
                            (17, "17:00"),
                            (18, "18:00"),
                            (19, "19:00"),
                            (20, "20:00"),
                        ],
                        default=18,
                        help_text="On the evening before the pickup, in your time zone. No text is sent after 21:00.",
                        verbose_name="send texts at",
                    ),
                ),
                (
                    "van_leaves",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "00:00"),
                            (1, "01:00"),
                            (2, "02:00"),
                            (3, "03:00"),
                            (4, "04:00"),
                            (5, "05:00"),
                            (6, "06:00"),
                            (7, "07:00"),
                            (8, "08:00"),
                            (9, "09:00"),
                            (10, "10:00"),
                            (11, "11:00"),
                            (12, "12:00"),
                            (13, "13:00"),
                            (14, "14:00"),
                            (15, "15:00"),
                            (16, "16:00"),
                            (17, "17:00"),
                            (18, "18:00"),
                            (19, "19:00"),
                            (20, "20:00"),
                            (21, "21:00"),
                            (22, "22:00"),
                            (23, "23:00"),
                        ],
                        default=8,
                        help_text='On the day of the pickup. After that, "No" does not cancel the pickup.',
                        verbose_name="van leaves at",
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        blank=True,
                        help_text="Texts come from this number, and replies go to it. Each business needs a number of its own.",
                        max_length=40,
                        verbose_name="your Twilio number",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("es", "Español"),
                            ("de", "Deutsch"),
                            ("fr", "Français"),
                        ],
                        default="en",
                        help_text="The language of the text and of the automatic replies.",
                        max_length=2,
                    ),
                ),
                (
                    "also_understood",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("en", "English"),
                                ("es", "Español"),
                                ("de", "Deutsch"),
                                ("fr", "Français"),
                            ],
                            max_length=2,
                        ),
                        blank=True,
                        default=list,
                        help_text="Other languages that customers may reply in. English is always understood.",
                        size=None,
                    ),
                ),
                (
                    "wording",
                    models.TextField(
                        blank=True,
                        help_text="Leave empty for the usual wording. You may use {name}, {day} and {business}. How to opt out is always added at the end.",
                        max_length=320,
                    ),
                ),
                (
                    "own_no",
                    models.CharField(
                        blank=True,
                        help_text="Separate words with commas. The usual words are understood anyway.",
                        max_length=300,
                        verbose_name='other words for "No"',
                    ),
                ),
                (
                    "own_stop",
                    models.CharField(
                        blank=True,
                        help_text="Separate words with commas. The usual words are understood anyway.",
                        max_length=300,
                        verbose_name='other words for "Stop"',
                    ),
                ),
                (
                    "own_start",
                    models.CharField(
                        blank=True,
                        help_text="Separate words with commas. The usual words are understood anyway.",
                        max_length=300,
                        verbose_name='other words for "Start"',
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("account", "Twilio refuses our account. Please contact support."),
                            (
                                "number",
                                "Twilio refuses to send from this number. Check that it is your number at Twilio.",
                            ),
                        ],
                        default="",
                        editable=False,
                        max_length=7,
                    ),
                ),
                ("resume_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "business",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="text_settings",
                        to="customers.business",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "text settings",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=("number",),
                        name="text_number_of_one_business",
                        violation_error_message="Another business already uses this number, so replies could not be matched to one business.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hour__gte", 12), ("hour__lt", 21)),
                        name="text_hour_of_an_evening",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("van_leaves__gte", 0), ("van_leaves__lt", 24)),
                        name="text_van_leaves_within_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=300)),
                ("city", models.CharField(blank=True, max_length=150)),
                ("state", models.CharField(blank=True, max_length=150)),
                ("postal_code", models.CharField(blank=True, max_length=30)),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z",
                                "Use the country's two capital letters (ISO 3166), for example US.",
                            )
                        ],
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("REGULAR", "Regular"), ("CORPORATE", "Corporate")],
                        default="REGULAR",
                        max_length=9,
                    ),
                ),
                ("company_name", models.CharField(blank=True, max_length=200)),
                ("first_name", models.CharField(blank=True, max_length=150)),
                ("last_name", models.CharField(blank=True, max_length=150)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=40)),
                (
                    "phone_is_mobile",
                    models.BooleanField(blank=True, null=True, verbose_name="mobile phone"),
                ),
                ("text_answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "payment_term",
                    models.CharField(
                        choices=[
                            ("POS", "POS"),
                            ("Statement", "Statement"),
                            ("AutoPay", "AutoPay"),
                        ],
                        default="POS",
                        max_length=9,
                    ),
                ),
                ("card_on_file", models.BooleanField(default=False)),
                (
                    "delivery_preference",
                    models.CharField(
                        choices=[
                            ("No Delivery Preference", "None"),
                            ("Route Approval Pending", "Route Approval Pending"),
                            ("Route Regular", "Route Regular"),
                            ("Delivery Address Declined", "Address Declined"),
                            ("Will Call", "Will Call"),
                            ("Deliver with Master", "With Master"),
                        ],
                        default="No Delivery Preference",
                        max_length=25,
                    ),
                ),
                ("receive_emails", models.BooleanField(default=True)),
                ("receive_texts", models.BooleanField(default=True)),
                (
                    "visit_frequency",
                    models.CharField(
                        choices=[
                            ("weekly", "Weekly"),
                            ("bi-weekly", "Bi-weekly"),
                            ("monthly", "Monthly"),
                            ("irregular", "Irregular"),
                            ("unknown", "Unknown"),
                        ],
                        default="unknown",
                        max_length=9,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("POS", "POS"), ("Website", "Website")],
                        default="POS",
                        max_length=7,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="signed up"
                    ),
                ),
                ("last_visit", models.DateTimeField(blank=True, null=True)),
                (
                    "demographic",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                    ),
                ),
                ("link_version", models.PositiveIntegerField(default=1)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.agent",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.brand",
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customers",
                        to="customers.business",
                    ),
                ),
                (
                    "master",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subordinates",
                        to="customers.customer",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.customergroup",
                    ),
                ),
                (
                    "discount",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.discount",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(models.F("business"), models.F("id"), name="customer_by_business"),
                    models.Index(
                        models.F("business"),
                        django.db.models.functions.comparison.Coalesce("last_visit", "created_at"),
                        name="customer_by_last_seen",
                    ),
                    models.Index(
                        models.F("business"),
                        models.F("phone"),
                        condition=models.Q(("phone", ""), _negated=True),
                        name="customer_by_phone",
                    ),
                    models.Index(
                        models.F("business"),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("last_name"), "text_pattern_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("first_name"), "text_pattern_ops"
                        ),
                        name="customer_search_last",
                    ),
                    models.Index(
                        models.F("business"),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("first_name"), "text_pattern_ops"
                        ),
                        name="customer_search_first",
                    ),
                    models.Index(
                        models.F("business"),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("company_name"),
                            "text_pattern_ops",
                        ),
                        name="customer_search_company",
                    ),
                    models.Index(
                        models.F("business"),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("email"), "text_pattern_ops"
                        ),
                        name="customer_search_email",
                    ),
                    models.Index(
                        models.F("business"),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Reverse("phone"), "text_pattern_ops"
                        ),
                        condition=models.Q(("phone", ""), _negated=True),
                        name="customer_search_phone",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("demographic__gte", 1), ("demographic__lte", 5)),
                        name="customer_demographic_is_a_fifth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("master", None),
                            models.Q(("master", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="customer_not_own_master",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PickupRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pickup_date", models.DateField()),
                (
                    "scheduled_by",
                    models.CharField(
                        choices=[("Employee", "Employee"), ("Customer", "Customer")], max_length=8
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("canceled", "Canceled"),
                            ("completed", "Completed"),
                        ],
                        default="scheduled",
                        max_length=9,
                    ),
                ),
                (
                    "canceled_via",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("Website", "Website"),
                            ("Text", "Text"),
                            ("Employee", "Employee"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pickup_requests",
                        to="customers.customer",
                    ),
                ),
                (
                    "employee",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.employee",
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
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("business"), models.F("pickup_date"), name="pickup_by_date"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "scheduled")),
                        fields=("customer", "pickup_date"),
                        name="pickup_scheduled_once_a_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegularPickupRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=300)),
                ("city", models.CharField(blank=True, max_length=150)),
                ("state", models.CharField(blank=True, max_length=150)),
                ("postal_code", models.CharField(blank=True, max_length=30)),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z",
                                "Use the country's two capital letters (ISO 3166), for example US.",
                            )
                        ],
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="regular_pickup_requests",
                        to="customers.customer",
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "pending")),
                        fields=("customer",),
                        name="regular_request_pending_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "visit_type",
                    models.CharField(
                        choices=[("Driver", "Driver"), ("Store", "Store"), ("Signup", "Signup")],
                        max_length=6,
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="visits",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "day"), name="visit_once_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomFieldValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.TextField(blank=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="custom_values",
                        to="customers.customer",
                    ),
                ),
                (
                    "field",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.customfield",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("field"),
                        django.db.models.functions.text.Right("value", 5),
                        name="customfieldvalue_by_day",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "field"), name="customfieldvalue_once_per_customer"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=300)),
                ("city", models.CharField(blank=True, max_length=150)),
                ("state", models.CharField(blank=True, max_length=150)),
                ("postal_code", models.CharField(blank=True, max_length=30)),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z",
                                "Use the country's two capital letters (ISO 3166), for example US.",
                            )
                        ],
                    ),
                ),
                ("scheduled_for", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("completed", "Completed"),
                            ("missed", "Missed"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("had_pickup", models.BooleanField(default=False)),
                ("had_delivery", models.BooleanField(default=False)),
                ("total_pickups", models.PositiveIntegerField(default=0)),
                ("total_deliveries", models.PositiveIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stops",
                        to="customers.customer",
                    ),
                ),
                (
                    "driver",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.employee",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.agent",
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
                    "reported",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=64,
                        verbose_name="hash of what the driver reported",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("business"), models.F("scheduled_for"), name="stop_by_date"
                    ),
                    models.Index(
                        models.F("business"),
                        models.F("scheduled_for"),
                        condition=models.Q(("status", "pending")),
                        name="stop_pending",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.CharField(default=customers.models.order.random_number, max_length=40),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("ready", "Ready"), ("returned", "Returned")],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "subtotal",
                    models.DecimalField(decimal_places=2, default=Decimal(0), max_digits=12),
                ),
                (
                    "discount_total",
                    models.DecimalField(decimal_places=2, default=Decimal(0), max_digits=12),
                ),
                ("tax", models.DecimalField(decimal_places=2, default=Decimal(0), max_digits=12)),
                (
                    "total",
                    models.DecimalField(decimal_places=2, default=Decimal(0), max_digits=12),
                ),
                (
                    "tax_rate",
                    models.DecimalField(
                        decimal_places=4,
                        default=Decimal(0),
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(99),
                        ],
                        verbose_name="sales tax in percent",
                    ),
                ),
                ("bags", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("returned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.agent",
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="customers.customer",
                    ),
                ),
                (
                    "discount",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.discount",
                    ),
                ),
                (
                    "returned_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.employee",
                    ),
                ),
                (
                    "sold_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.employee",
                    ),
                ),
                (
                    "stop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="customers.stop",
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
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("customer"), models.F("created_at"), name="order_by_customer"
                    ),
                    models.Index(
                        models.F("business"), models.F("created_at"), name="order_by_business"
                    ),
                    models.Index(
                        models.F("business"),
                        models.F("created_at"),
                        condition=models.Q(("status", "returned"), _negated=True),
                        name="order_still_here",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "number"), name="order_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total__gte", 0)), name="order_total_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NightlyText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pickup_date", models.DateField()),
                ("until", models.DateTimeField(help_text="Not sent from then on.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("skipped", "Not sent"),
                            ("refused", "Refused"),
                            ("unknown", "Unconfirmed"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            (
                                "not_scheduled",
                                "The pickup was canceled, completed or moved before the text was sent.",
                            ),
                            ("no_texts", "The customer has opted out of texts."),
                            ("no_mobile", "The customer's number is not a mobile number."),
                            (
                                "unsubscribed",
                                "Twilio refused it: the customer has opted out of texts from your number.",
                            ),
                            ("impossible", "The customer's number cannot get texts."),
                            ("rejected", "Twilio refused this text."),
                            ("busy", "Twilio was busy or could not be reached."),
                            ("account", "Twilio refused our account."),
                            ("number", "Twilio refused to send from your number."),
                            (
                                "no_answer",
                                "Twilio did not say whether it sent the text. We do not send it again, so that nobody gets it twice.",
                            ),
                        ],
                        default="",
                        max_length=13,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phone",
                    models.CharField(
                        blank=True, help_text="The number it was sent to.", max_length=40
                    ),
                ),
                (
                    "sender",
                    models.CharField(
                        blank=True, help_text="Your number when it was sent.", max_length=40
                    ),
                ),
                ("sid", models.CharField(blank=True, max_length=64, verbose_name="Twilio's id")),
                (
                    "error",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="Twilio's error"
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
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nightly_texts",
                        to="customers.customer",
                    ),
                ),
                (
                    "pickup",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nightly_text",
                        to="customers.pickuprequest",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("next_at"),
                        models.F("id"),
                        condition=models.Q(("status", "waiting")),
                        name="nightly_text_waiting",
                    ),
                    models.Index(
                        models.F("claimed_at"),
                        condition=models.Q(("status", "sending")),
                        name="nightly_text_sending",
                    ),
                    models.Index(
                        models.F("business"),
                        models.F("phone"),
                        models.F("pickup_date"),
                        condition=models.Q(("phone", ""), _negated=True),
                        name="nightly_text_by_phone",
                    ),
                    models.Index(
                        fields=["business", "-pickup_date", "-id"], name="nightly_text_by_business"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "pickup_date"), name="nightly_text_once_a_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IncomingText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sid", models.CharField(max_length=64, unique=True, verbose_name="Twilio's id")),
                ("phone", models.CharField(max_length=40, verbose_name="from")),
                ("body", models.TextField(blank=True, verbose_name="text")),
                ("media", models.PositiveSmallIntegerField(default=0, verbose_name="pictures")),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("no", "No"),
                            ("stop", "Stop"),
                            ("start", "Start"),
                            ("other", "Other"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("canceled", "Pickup canceled"),
                            ("canceled_already", "Pickup was already canceled"),
                            ("done_already", "Pickup was already completed"),
                            ("passed", "Nothing canceled: the day has passed"),
                            ("van_left", "Nothing canceled: the van had left"),
                            ("made_anew", "Nothing canceled: the pickup changed after our text"),
                            ("which", "Nothing canceled: several customers share this number"),
                            ("not_asked", "Nothing canceled: no text about a pickup was sent"),
                            ("stopped", "Opted out of texts"),
                            ("started", "Gets texts again"),
                            ("kept", "For you to read"),
                            ("nothing", "For you to read, no automatic reply"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reply", models.TextField(blank=True, verbose_name="automatic reply")),
                (
                    "at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="received"
                    ),
                ),
                ("handled", models.BooleanField(default=False, verbose_name="done")),
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
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incoming_texts",
                        to="customers.customer",
                    ),
                ),
                (
                    "pickup",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.pickuprequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "reply to a text",
                "verbose_name_plural": "replies to texts",
                "indexes": [
                    models.Index(
                        fields=["business", "-at", "-id"], name="incoming_text_by_business"
                    ),
                    models.Index(
                        condition=models.Q(("handled", False)),
                        fields=["business", "-at"],
                        name="incoming_text_to_handle",
                    ),
                    models.Index(
                        fields=["business", "phone", "-at"], name="incoming_text_by_phone"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LineItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("description", models.CharField(max_length=500)),
                (
                    "quantity",
                    models.PositiveIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="price each",
                    ),
                ),
                ("returned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.department",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="customers.order",
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
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("price__gte", 0), ("quantity__gte", 1)),
                        name="lineitem_sense",
                    )
                ],
            },
        ),
        migrations.RunPython(create_groups, migrations.RunPython.noop),
    ]
