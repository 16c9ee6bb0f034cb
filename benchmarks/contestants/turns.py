"""How does a contestant take its turns? It is told on its standard input, a JSON object a line, and answers likewise.

So our own engine and a peer, each in the environment that it needs, are measured in one run, turn by turn: a busy
moment of the machine hits all of them.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping

Turn = Callable[..., object]
"""Does what is asked, with what it is told by name, and answers what it measured."""


def take_turns(turns: Mapping[str, Turn]) -> None:
    """Answer until nobody asks any more."""
    # What the measured code prints must not reach whoever waits for answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        told = json.loads(line)
        answers.write(json.dumps(turns[told.pop("turn")](**told)) + "\n")
