"""What every test may ask for, and what the end of a test run says."""

import os
import signal

import pytest
from hypothesis import settings

from tests.real.fixtures import database, own_postgres, postgres, postgres_server, sqlite
from tests.real.summary import pytest_runtest_protocol, pytest_terminal_summary

__all__ = [
    "database",
    "own_postgres",
    "postgres",
    "postgres_server",
    "pytest_runtest_protocol",
    "pytest_terminal_summary",
    "sqlite",
]

# Processes that tests start find modules compiled by the first of them, and do not each compile them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The suite of every store is shipped in the package, where pytest does not look for tests by itself.
pytest.register_assert_rewrite("klokker.store.conformance")

# The same examples each time: CI never fails by luck. `pytest --hypothesis-profile=search` looks further, for as long as it takes.
settings.register_profile("steady", derandomize=True, deadline=None, database=None, max_examples=80)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("steady")

# A shell starts what runs in the background deaf to Ctrl-C; the processes that tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
