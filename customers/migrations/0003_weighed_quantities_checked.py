"""Check the constraint of 0002, in a transaction of its own, while others read and write."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_weighed_quantities")]

    operations = [ValidateConstraint("lineitem", "lineitem_exact_quantity")]
