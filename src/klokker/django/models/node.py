"""Which places are known to run things?"""

from django.db import models


class Node(models.Model):
    """A named place, stable over restarts; several processes may carry it."""

    name = models.CharField(max_length=255, primary_key=True)
    since = models.DateTimeField(help_text="Enrolled since.")
    retired = models.DateTimeField(null=True, blank=True, help_text="Takes no part from this moment on.")
    ticked_at = models.DateTimeField(null=True, blank=True, help_text="The last `klokker tick` here.")
    ticked_before = models.DateTimeField(null=True, blank=True, help_text="The one before it.")
    ticked_earlier = models.DateTimeField(null=True, blank=True, help_text="And the one before that.")

    def __str__(self) -> str:
        return self.name
