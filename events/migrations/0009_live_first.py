from django.db import migrations, models

IS_BULK_HELP = (
    "Recorded for many customers at once, by a sweep or a changed brand: what happens live is sent "
    "before it."
)


def is_bulk() -> models.BooleanField:
    return models.BooleanField(db_default=False, default=False, help_text=IS_BULK_HELP)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0010_consent"),
        ("events", "0008_traits_without_foreign_key"),
    ]

    operations = [
        migrations.AddField("outgoing", "is_bulk", is_bulk()),
        migrations.AddField("heldtrack", "is_bulk", is_bulk()),
        migrations.AddField("lane", "bulk_floor", models.BigIntegerField(db_default=0, default=0)),
        migrations.AddField(
            "lane", "next_bulk_floor", models.BigIntegerField(db_default=0, default=0)
        ),
        migrations.AlterField(
            "lane",
            "next_floor_xmax",
            models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="Transactions from this id on began after the next floors were found.",
            ),
        ),
    ]
