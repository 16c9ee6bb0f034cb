"""Can what a command says be said? Its streams are open, take every text, and are given up in silence.

A service manager or `>&-` may have closed them; the next file that is opened would then be taken for one of them.
"""

import errno
import os
import sys
from io import TextIOWrapper

UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the system says where stdout leads into a file that takes no more."""


def open_standard_streams() -> None:
    """Descriptors 0 to 2 are open, the closed ones on nothing; what an encoding lacks is written as its escape."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest one that is free: this one.
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(descriptor, True)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(descriptor, "w", encoding="utf-8", closefd=False))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def close_stdout() -> None:
    """What was not written yet is dropped: Python would try once more as it leaves, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
