"""The command line: `klokker` by itself, `manage.py klokker` inside a project."""
