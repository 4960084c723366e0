from django.db import models


class Heartbeat(models.Model):
    """A running program. All its times are by the database's clock, so no other clock counts."""

    class Program(models.TextChoices):
        WORKER = "worker", "Worker"
        BEAT = "beat", "Beat"
        WEB = "web", "Web server"

    program = models.CharField(max_length=16, choices=Program.choices)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField("process id")
    started_at = models.DateTimeField("started")
    seen_at = models.DateTimeField("last seen")
    clock_difference = models.FloatField(
        help_text="Seconds by which the program's clock is ahead of the database's."
    )
    clock_logged_at = models.DateTimeField(
        null=True, blank=True, help_text="When the log last had a warning about this difference."
    )

    class Meta:
        verbose_name = "program"
        constraints = [
            models.UniqueConstraint(fields=["program", "host", "pid"], name="heartbeat_of_program")
        ]

    def __str__(self) -> str:
        return f"{self.get_program_display()} on {self.host}"
