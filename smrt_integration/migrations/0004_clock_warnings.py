from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smrt_integration", "0003_exports"),
    ]

    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="clock_logged_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the log last had a warning about this difference.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="heartbeat",
            name="program",
            field=models.CharField(
                choices=[("worker", "Worker"), ("beat", "Beat"), ("web", "Web server")],
                max_length=16,
            ),
        ),
    ]
