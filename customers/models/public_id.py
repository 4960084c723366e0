"""Ids that may be known outside: row numbers tell how many orders a business has, and invite to try the next one."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models


class HasPublicId(models.Model):
    """A record that others refer to by its `uuid`."""

    uuid = models.UUIDField(
        unique=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False
    )

    class Meta:
        abstract = True
