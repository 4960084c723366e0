"""What owners search customers by."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def beginning(field: str) -> django.contrib.postgres.indexes.OpClass:
    return django.contrib.postgres.indexes.OpClass(
        django.db.models.functions.text.Upper(field), name="text_pattern_ops"
    )


class Migration(migrations.Migration):
    # customers are saved while their indexes are made
    atomic = False

    dependencies = [
        ("customers", "0003_roles"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                "business",
                beginning("last_name"),
                beginning("first_name"),
                name="customer_search_last",
            ),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index("business", beginning("first_name"), name="customer_search_first"),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                "business", beginning("company_name"), name="customer_search_company"
            ),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index("business", beginning("email"), name="customer_search_email"),
        ),
        AddIndexConcurrently(
            model_name="customer",
            index=models.Index(
                "business",
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Reverse("phone"), name="text_pattern_ops"
                ),
                condition=~models.Q(phone=""),
                name="customer_search_phone",
            ),
        ),
    ]
