from typing import Any

from django.db import migrations, models


def external_id() -> Any:
    return models.CharField(
        blank=True,
        db_default="",
        default="",
        help_text="The ID in your point of sale or former system, if it has one.",
        max_length=100,
        verbose_name="external ID",
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_filters_of_any_size")]

    operations = [
        migrations.AddField("customer", "external_id", external_id()),
        migrations.AddField("employee", "external_id", external_id()),
        migrations.AddField("order", "external_id", external_id()),
    ]
