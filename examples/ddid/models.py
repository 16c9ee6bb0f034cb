"""People who register."""

from django.db import models


class User(models.Model):
    """Somebody who registered, confirmed or not, perhaps with a code to reset a password."""

    email = models.CharField(max_length=200)
    registered_at = models.DateTimeField()
    confirmed = models.BooleanField(default=False)
    registration_valid = models.BooleanField(default=True)
    reset_code = models.CharField(max_length=64, blank=True)
    reset_code_ends = models.DateTimeField(null=True)
