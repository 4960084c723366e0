from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smrt_integration", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "program",
                    models.CharField(
                        choices=[("worker", "Worker"), ("beat", "Beat")], max_length=16
                    ),
                ),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveIntegerField(verbose_name="process id")),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("seen_at", models.DateTimeField(verbose_name="last seen")),
                (
                    "clock_difference",
                    models.FloatField(
                        help_text="Seconds by which the program's clock is ahead of the database's."
                    ),
                ),
            ],
            options={
                "verbose_name": "program",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("program", "host", "pid"), name="heartbeat_of_program"
                    )
                ],
            },
        ),
    ]
