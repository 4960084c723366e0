import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_filters_of_any_size"), ("events", "0014_paused_jobs")]

    operations = [
        migrations.AddField(
            "lane",
            "log_destination",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Fingerprint of the destination whose messages were last logged as accepted.",
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="DestinationUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("destination", models.CharField(max_length=16)),
                ("since", models.DateTimeField()),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.business",
                    ),
                ),
            ],
        ),
    ]
