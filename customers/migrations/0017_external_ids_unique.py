from django.db import migrations, models
from django.db.migrations.operations.base import Operation


def unique(model: str) -> Operation:
    """Build the index as Django's AddConstraint would, but CONCURRENTLY."""
    name = f"{model}_external_id_unique"
    constraint = models.UniqueConstraint(
        fields=["business", "external_id"], name=name, condition=~models.Q(external_id="")
    )
    return migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AddConstraint(model, constraint)],
        database_operations=[
            migrations.RunSQL(
                f'CREATE UNIQUE INDEX CONCURRENTLY "{name}" ON "customers_{model}" '
                '("business_id", "external_id") WHERE NOT ("external_id" = \'\')',
                f'DROP INDEX CONCURRENTLY "{name}"',
            )
        ],
    )


class Migration(migrations.Migration):
    # CONCURRENTLY: saves go on while the indexes are built.
    atomic = False

    dependencies = [("customers", "0016_external_ids")]

    operations = [unique("customer"), unique("employee"), unique("order")]
