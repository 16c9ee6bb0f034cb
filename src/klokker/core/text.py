"""What text every database can store, and what text a terminal can be shown.

PostgreSQL refuses U+0000, and no UTF-8 encoder takes half of a surrogate pair; one such character in a log line or an
error must not cost a run its end. Both become U+FFFD, the character that says "something stood here".

A terminal obeys control characters: what a task logs could paint over what stands there, or turn its direction of
writing. They are shown as their escapes.
"""

import re

CAP = 64 * 1024
"""Bytes of UTF-8 that a result, an error or a reason may take."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Controls of the sets C0 and C1 but for line ends and tabs, separators of lines, and what turns the direction of writing."""


def clean(text: str) -> str:
    """`text` with each NUL and lone surrogate replaced by U+FFFD."""
    # A subclass of str may carry its own methods; what is stored is the plain text.
    plain = str.__str__(text)
    if plain.isascii() and "\0" not in plain:
        return plain
    return _UNSTORABLE.sub("\ufffd", plain)


def head_and_tail(text: str, cap: int = CAP) -> str:
    """Clean `text` in at most `cap` bytes of UTF-8: whole, or its head and tail around a note of the gap.

    The tail is the larger part: of an error, the last lines say what went wrong.
    """
    encoded = clean(text).encode()
    if len(encoded) <= cap:
        return encoded.decode()
    notice = f"\n… {len(encoded) - cap:,} bytes or a little more left out …\n".encode()
    room = max(cap - len(notice), 0)
    head, tail = encoded[: room // 3], encoded[len(encoded) - (room - room // 3) :]
    # A cut may fall inside a character; its remaining bytes are dropped.
    return (head.decode(errors="ignore") + notice.decode() + tail.decode(errors="ignore")) if room else ""


def printable(text: str) -> str:
    """Clean `text` as a terminal can be shown it: line ends and tabs stay, what steers a terminal stands as its escape."""
    return _STEERING.sub(lambda control: control[0].encode("unicode_escape").decode(), clean(text))


def printable_json(written: str) -> str:
    """The same for text that is JSON, which then says what it said before."""
    return _STEERING.sub(lambda control: f"\\u{ord(control[0]):04x}", clean(written))


def words_of(error: BaseException) -> str:
    """What an exception of anybody's says; of one that raises when asked, that it does."""
    try:
        return clean(str(error))
    except (Exception, SystemExit) as raised:  # noqa: BLE001 — its `__str__` is anybody's code
        return f"(it has no words: to ask for them raises {type(raised).__name__})"
