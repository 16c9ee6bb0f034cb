"""Time under a test's hand: a clock that moves when told, and a world of schedules that lives by it."""
