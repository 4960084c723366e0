"""Which users belong to which business."""

from django.conf import settings
from django.db import models

from customers.models.business import Business


class Membership(models.Model):
    """A user's role in a business: an owner may do everything, a helper may view and resend."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        HELPER = "helper", "Helper"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        db_index=False,
    )
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role, default=Role.HELPER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "business"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display().lower()} of {self.business}"
