from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0004_held_tracks"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("held", "Waiting for the owner's choice"),
                    ("waiting", "Waiting for an hour"),
                    ("stopped", "Stopped"),
                ],
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="told",
            field=models.CharField(
                blank=True,
                choices=[
                    ("held", "Waiting for the owner's choice"),
                    ("waiting", "Waiting for an hour"),
                    ("stopped", "Stopped"),
                ],
                default="",
                help_text="The worst kind that owners got an email about.",
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="kind",
            field=models.CharField(
                choices=[
                    ("again", "Send again"),
                    ("discard", "Discard"),
                    ("anyway", "Send held events anyway"),
                    ("drop", "Discard held events"),
                ],
                max_length=7,
            ),
        ),
    ]
