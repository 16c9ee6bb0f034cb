"""One module a command: what it takes, what it prints, what its exit code says."""
