"""How tasks are run: here and now (inline), in threads, or in child processes that a timeout can kill (the default)."""
