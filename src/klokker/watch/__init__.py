"""Judging whether all is well: what is late, failing, stuck, broken or silent, and since when."""
