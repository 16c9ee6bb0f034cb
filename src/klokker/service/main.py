"""The console script `klokker`. It imports next to nothing by itself, so that Ctrl-C is answered in peace while the rest is imported."""

import signal
import sys

INTERRUPTED = 130
"""What `klokker.cli.exits` calls so; it may not be imported yet."""


def main() -> None:
    """Run the command that was typed, and leave with its exit code."""
    try:
        from klokker.service.program import call  # takes most of the time that there is to interrupt

        code = call(sys.argv[1:])
    except KeyboardInterrupt:
        # A second one comes while Python leaves, and has nothing left to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = INTERRUPTED
    sys.exit(code)
