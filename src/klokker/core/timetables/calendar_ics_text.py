"""What of an ICS text says which windows it names? Their times and rules, and zones; not who is invited, or when it was sent.

Programs write such files anew each time, with another stamp on each event; what is left is the same as long as the
windows are. A line that is folded over several (RFC 5545, 3.1) is one.
"""

import re

_EVENT = frozenset(
    ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "SUMMARY")
)
_AROUND = frozenset(("VERSION", "PRODID", "X-WR-TIMEZONE"))
_NAME = re.compile(r"[A-Za-z0-9-]+")


def condensed(text: str) -> str:
    """The calendar without what says nothing of its windows, lines unfolded; any other text, or one that is cut off, as it is."""
    begins = text.upper().find("BEGIN:VCALENDAR")
    if begins < 0:
        return text
    kept: list[str] = []
    within: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", text[begins:]).splitlines():
        match = _NAME.match(line)
        name = match[0].upper() if match else ""
        inner = line[len("BEGIN:") :].strip().upper()
        if name == "BEGIN":
            within.append(inner)
        elif not within and line.strip():
            return text
        if _says_something(within, name):
            kept.append(line)
        if name == "END" and (not within or within.pop() != line[len("END:") :].strip().upper()):
            return text
    return text if within else text[:begins] + "\n".join([*kept, ""])


def _says_something(within: list[str], name: str) -> bool:
    match within:
        case ["VCALENDAR"]:
            return name in _AROUND or name in ("BEGIN", "END")
        case ["VCALENDAR", "VTIMEZONE", *_]:
            return True
        case ["VCALENDAR", "VEVENT"]:
            return name in _EVENT or name in ("BEGIN", "END")
    return False
