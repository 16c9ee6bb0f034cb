"""What text every database can store: no NUL, no lone surrogates, and no more than a cap.

PostgreSQL refuses U+0000, and no UTF-8 encoder takes half of a surrogate pair; one such character in a log line or an
error must not cost a run its end. Both become U+FFFD, the character that says "something stood here".
"""

import re

CAP = 64 * 1024
"""Bytes of UTF-8 that a result, an error or a reason may take."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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
