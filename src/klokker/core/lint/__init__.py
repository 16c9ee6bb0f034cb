"""What is doubtful in a schedule, or in a fleet of them, before it does harm? `linting.lint` asks; a family of findings is one file."""
