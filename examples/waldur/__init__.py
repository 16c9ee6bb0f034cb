"""A cloud marketplace with 80 scheduled jobs, each with a small stand-in that does its kind of work on real rows."""
