"""What does a timetable mean, in words? `explain.explain` says it; a language is one file (`english`, `dutch`, `norwegian`)."""
