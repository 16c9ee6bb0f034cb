"""Definitions on the move: from files into the store, and one day from and to other schedulers."""
