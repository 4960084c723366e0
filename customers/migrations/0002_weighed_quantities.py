"""Quantities with decimals, such as 12.4 pounds.

The column `quantity` stays as it is: another type would rewrite the table of line items, and web
servers of the version before read whole numbers from it. They go on while this runs.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.core.validators import MinValueValidator
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("lineitem", "lineitem_sense"),
                migrations.RenameField("lineitem", "quantity", "pieces"),
                migrations.AlterField(
                    "lineitem",
                    "pieces",
                    models.PositiveIntegerField(
                        "quantity",
                        db_column="quantity",
                        default=1,
                        validators=[MinValueValidator(1)],
                    ),
                ),
                migrations.AddConstraint(
                    "lineitem",
                    models.CheckConstraint(
                        condition=Q(pieces__gte=1, price__gte=0), name="lineitem_sense"
                    ),
                ),
            ]
        ),
        migrations.AddField(
            "lineitem",
            "exact_quantity",
            models.DecimalField(
                blank=True, decimal_places=3, editable=False, max_digits=13, null=True
            ),
        ),
        migrations.AddField(
            "lineitem",
            "unit",
            models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        # The rows that exist are checked by the next migration, which locks nobody out meanwhile.
        AddConstraintNotValid(
            "lineitem",
            models.CheckConstraint(
                condition=Q(exact_quantity__gt=0), name="lineitem_exact_quantity"
            ),
        ),
    ]
