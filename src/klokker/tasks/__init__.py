"""What is run: tasks with typed parameters, where they are found, and what they may answer. No task needs Django."""
