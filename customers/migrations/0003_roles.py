"""The groups of owners and helpers. Their permissions come after each `migrate` (customers.roles): until then Django has not made them."""

from typing import Any

from django.db import migrations

GROUPS = ("Business owners", "Business helpers")


def make_groups(apps: Any, schema_editor: Any) -> None:
    for name in GROUPS:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_membership"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
