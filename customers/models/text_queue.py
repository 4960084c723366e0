"""The state of a business's nightly texts that wait: `customers.texts` keeps it."""

from django.db import models

from customers.models.business import Business


class TextQueue(models.Model):
    """When a business's number may send its next text. The texts themselves are `NightlyText`.

    A row of its own: the settings are the owner's, and a form that is saved would write old times.
    Updated several times a second, so there is no index on what changes.
    """

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, primary_key=True, related_name="text_queue"
    )
    next_at = models.DateTimeField(
        null=True, help_text="When the number may send its next text. Empty if none waits."
    )
    planned_at = models.DateTimeField(
        null=True, help_text="When tomorrow's pickups were last looked through."
    )

    def __str__(self) -> str:
        return f"Waiting texts of {self.business}"
