"""What does a task's docstring say of the task, and what of each parameter?

Parameters are described in a section of the form

    Args:
        days: Reports older than this lose their contact details.
        state: One of handled or cancelled;
            further lines are indented.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_SECTION = re.compile(r"(Args|Arguments|Parameters):\s*$")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """`description` is all but the section on parameters; `parameters` maps names to their texts, on one line each."""

    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def read_docstring(function: Callable[..., object]) -> Docstring:
    """The docstring of `function` in its two parts; empty ones where it has none."""
    description: list[str] = []
    parameters: dict[str, str] = {}
    within, entry, entries_indent = False, "", 0
    for line in (inspect.getdoc(function) or "").splitlines():
        if _SECTION.match(line):
            within, entry, entries_indent = True, "", 0
        elif within and (not line or line[0].isspace()):
            indent = len(line) - len(line.lstrip())
            if (found := _ENTRY.match(line.strip())) and indent <= (entries_indent or indent):
                entry, entries_indent = found[1], indent
                parameters[entry] = found[2].strip()
            elif entry:
                parameters[entry] = f"{parameters[entry]} {line.strip()}".strip()
        else:
            within = False
            description.append(line)
    return Docstring("\n".join(description).strip(), parameters)
