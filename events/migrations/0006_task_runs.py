from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_held_choices"),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE events_task_number", "DROP SEQUENCE events_task_number"),
        migrations.CreateModel(
            name="TaskRun",
            fields=[
                (
                    "task",
                    models.CharField(
                        help_text="The task's name, and its arguments if any.",
                        max_length=255,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "number",
                    models.BigIntegerField(
                        help_text="Given as the run began. Tasks that were published earlier have smaller ones."
                    ),
                ),
            ],
        ),
        # The times of a new lane come from the database's clock, by which they are judged.
        migrations.AlterField(
            model_name="lane",
            name="claimed_at",
            field=models.DateTimeField(
                db_default=Now(),
                help_text="When it was last claimed. Lanes are served least recently claimed first.",
            ),
        ),
        migrations.AlterField(
            model_name="lane",
            name="resume_at",
            field=models.DateTimeField(db_default=Now(), help_text="No attempt before this time."),
        ),
        migrations.AlterField(
            model_name="lane", name="floor_at", field=models.DateTimeField(db_default=Now())
        ),
    ]
