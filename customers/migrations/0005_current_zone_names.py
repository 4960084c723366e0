"""Give zones that are stored under old names, such as US/Pacific, their current ones."""

from typing import Any

from django.db import migrations

from customers.zones import canonical_zone


def rename(apps: Any, schema_editor: Any) -> None:
    businesses = apps.get_model("customers", "Business").objects
    for name in businesses.order_by().values_list("time_zone", flat=True).distinct():
        if (canonical := canonical_zone(name)) != name:
            businesses.filter(time_zone=name).update(time_zone=canonical)


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_phone_note")]
    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
