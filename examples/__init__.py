"""Five real systems' chores as runnable examples; `make demo` runs them all."""
