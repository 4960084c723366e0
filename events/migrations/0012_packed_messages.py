from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0011_pending_fifths")]

    operations = [
        migrations.AddField(
            "sendlog",
            "packed_body",
            models.BinaryField(
                null=True, help_text="The message, as events.packed_messages writes it."
            ),
        ),
        # The column keeps its name: the previous release writes it while this one is installed.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "sendlog",
                    "body",
                    models.TextField(blank=True, default="", db_column="body"),
                ),
                migrations.RenameField("sendlog", "body", "plain_body"),
            ]
        ),
        migrations.AlterField(
            "sendlog",
            "plain_body",
            models.TextField(
                blank=True,
                db_column="body",
                db_default="",
                default="",
                help_text="The message, in rows of releases that did not compress it.",
            ),
        ),
    ]
