"""Ids of records for API clients and Segment.

Row numbers would reveal how many orders a business has, and could be guessed.
"""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models


class HasPublicId(models.Model):
    """A record that API clients and Segment refer to by its `uuid`."""

    uuid = models.UUIDField(
        unique=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False
    )

    class Meta:
        abstract = True
