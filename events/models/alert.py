"""What owners were told of by email."""

from django.db import models

from customers.models import Business


class Alert(models.Model):
    """A trouble of one business, from its first sign to when it was well again. At most one is open per business: when it gets worse,
    it is the same trouble."""

    class Kind(models.TextChoices):
        WAITING = "waiting", "Waiting for an hour"
        STOPPED = "stopped", "Stopped"

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=7, choices=Kind)
    since = models.DateTimeField(help_text="When the trouble began.")
    found_at = models.DateTimeField()
    told = models.CharField(
        max_length=7,
        choices=Kind,
        blank=True,
        default="",
        help_text="The worst that the owners were told of.",
    )
    told_at = models.DateTimeField(null=True, help_text="When the last email about it left.")
    emails = models.PositiveSmallIntegerField(default=0, help_text="How many emails about it left.")
    quiet_since = models.DateTimeField(
        null=True, help_text="Since when it has looked well; it may be over."
    )
    telling_until = models.DateTimeField(
        null=True, help_text="A worker is sending an email about it; past this, any may."
    )
    over_at = models.DateTimeField(null=True)
    told_over_at = models.DateTimeField(
        null=True, help_text="When the email that it is well again left."
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
