"""Problems that owners got an email about."""

from django.db import models

from customers.models import Business


class Alert(models.Model):
    """A problem of one business, from its first sign until it is solved.

    A business has at most one open problem: when it gets worse, it is the same problem.
    """

    class Kind(models.TextChoices):
        HELD = "held", "Waiting for the owner's choice"
        WAITING = "waiting", "Waiting for an hour"
        STOPPED = "stopped", "Stopped"

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=7, choices=Kind)
    since = models.DateTimeField(help_text="When the problem began.")
    found_at = models.DateTimeField()
    told = models.CharField(
        max_length=7,
        choices=Kind,
        blank=True,
        default="",
        help_text="The worst kind that owners got an email about.",
    )
    told_at = models.DateTimeField(null=True, help_text="When the last email about it was sent.")
    emails = models.PositiveSmallIntegerField(
        default=0, help_text="How many emails about it were sent."
    )
    quiet_since = models.DateTimeField(
        null=True, help_text="Since when it has looked solved; empty while it does not."
    )
    telling_until = models.DateTimeField(
        null=True, help_text="Until then, only the worker that claimed it may send an email."
    )
    over_at = models.DateTimeField(null=True)
    told_over_at = models.DateTimeField(
        null=True, help_text="When the email that it is solved was sent."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business"], name="alert_open_once", condition=models.Q(over_at=None)
            )
        ]
        indexes = [models.Index(fields=["business", "told_at"], name="alert_told")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} since {self.since:%Y-%m-%d %H:%M}"
