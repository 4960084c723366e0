"""What owners were told of by email."""

from django.db import models

from customers.models import Business


class Alert(models.Model):
    """A trouble of one business, from its first sign to when it was well again. At most one is open per business and kind."""

    class Kind(models.TextChoices):
        STOPPED = "stopped", "Stopped"
        WAITING = "waiting", "Waiting for an hour"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind)
    since = models.DateTimeField(help_text="When the trouble began.")
    found_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, help_text="When the email about it left.")
    over_at = models.DateTimeField(null=True)
    told_over_at = models.DateTimeField(null=True, help_text="When the email that it is well again left.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "kind"], name="alert_open_once", condition=models.Q(over_at=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} since {self.since:%Y-%m-%d %H:%M}"
