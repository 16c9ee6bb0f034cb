"""Wake-ups between processes: hints that shorten a wait. Who misses one looks when the poll is over."""

from klokker.django.waking.waiting import Bell, Waiting

__all__ = ["Bell", "Waiting"]
