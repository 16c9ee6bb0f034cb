"""An application with a table of jobs of its own, called once a minute."""
