from django.db import models


class TaskRun(models.Model):
    """The last run of a task. See `events.stale_tasks`."""

    task = models.CharField(
        max_length=255, primary_key=True, help_text="The task's name, and its arguments if any."
    )
    number = models.BigIntegerField(
        help_text="Given as the run began. Tasks that were published earlier have smaller ones."
    )

    def __str__(self) -> str:
        return self.task
