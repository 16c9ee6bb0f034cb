"""A student association: old log entries go, and so do registrations that nobody paid for."""
