"""Composes one process from settings: store, executors, duties."""
