import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

import customers.folding

CUSTOMER_INDEXES = {
    "customer_found_by_last": ("last_name", "first_name"),
    "customer_found_by_first": ("first_name",),
    "customer_found_by_firm": ("company_name",),
    "customer_found_by_email": ("email",),
}
REPLACED = (
    "customer_search_last",
    "customer_search_first",
    "customer_search_company",
    "customer_search_email",
)


def folded(column: str) -> django.contrib.postgres.indexes.OpClass:
    return django.contrib.postgres.indexes.OpClass(
        customers.folding.Folded(column), name="text_pattern_ops"
    )


class Migration(migrations.Migration):
    # CONCURRENTLY: saves go on while the indexes are built.
    atomic = False

    dependencies = [("customers", "0006_folded_text")]

    operations = [
        *(
            AddIndexConcurrently(
                "customer", models.Index("business", *map(folded, columns), name=name)
            )
            for name, columns in CUSTOMER_INDEXES.items()
        ),
        AddIndexConcurrently(
            "order", models.Index("business", folded("number"), name="order_found_by_number")
        ),
        *(RemoveIndexConcurrently("customer", name) for name in REPLACED),
    ]
