import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("smrt_integration", "0004_clock_warnings"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiCaller",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_callers",
                        to="customers.business",
                    ),
                ),
            ],
            options={"verbose_name": "API caller"},
        ),
        migrations.AddField(
            model_name="apikey",
            name="caller",
            field=models.ForeignKey(
                editable=False,
                help_text="The program that holds the key.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="keys",
                to="smrt_integration.apicaller",
            ),
        ),
        migrations.AddField(
            model_name="answered",
            name="caller",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="smrt_integration.apicaller",
            ),
        ),
    ]
