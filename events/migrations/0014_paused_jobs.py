from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0013_send_log_by_message")]

    operations = [
        migrations.AddField(
            "request",
            "paused_at",
            models.DateTimeField(null=True, help_text="When its owner paused it."),
        ),
        migrations.AddField(
            "request",
            "ended_because",
            models.TextField(
                db_default="",
                default="",
                help_text="Why it ended before it was done; empty if it did not.",
            ),
        ),
        migrations.AlterField(
            "request",
            "kind",
            models.CharField(
                choices=[
                    ("again", "Send again"),
                    ("discard", "Discard"),
                    ("anyway", "Send held events anyway"),
                    ("drop", "Discard held events"),
                    ("sync", "Send all customers"),
                    ("history", "Send past events"),
                    ("since", "Send again since a time"),
                ],
                max_length=7,
            ),
        ),
    ]
