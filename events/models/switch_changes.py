"""What an owner switched on or off, and when: the timeline says why an event was not sent."""

from django.db import models

from customers.models import Business


class SwitchChange(models.Model):
    """The integration (`event` is empty) or one event was switched on or off.

    Append-only, written when the integration is saved.
    """

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    event = models.CharField(max_length=64, blank=True)
    on = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["business", "event", "at"], name="switch_by_event")]

    def __str__(self) -> str:
        switch = self.event or "The integration"
        return f"{switch} {'on' if self.on else 'off'}, {self.at:%Y-%m-%d %H:%M}"
