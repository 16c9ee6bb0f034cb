"""What a person understands who is told the times of a day in English: the very seconds, from the words alone."""

import re
from collections.abc import Iterable

DAY = range(86_400)
_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_OFTEN = re.compile(r"every (?:(\d+) )?(second|minute|hour)s?")
_SPAN = re.compile(r"from (\S+) (over midnight )?to (\S+?)(?=,| and |$)")
_BEGIN = re.compile(r" in the hours that begin at (.*)$")


def heard(words: str) -> set[int]:
    """The seconds of a day that the words name."""
    if match := re.fullmatch(r"at second ([^:]*?), ((?:at|every) .*)", words):
        seconds = {number for item in _items(match[1]) for number in _numbers(item)}
        # The last minute that is named has all of these seconds, and its time may be told to the second.
        minutes = {second // 60 for second in heard(re.sub(r"(\d\d:\d\d):\d\d", r"\1", match[2]))}
        return {minute * 60 + second for minute in minutes for second in seconds}
    if words == "every hour, on the hour":
        return set(range(0, 86_400, 3600))
    if match := re.fullmatch(r"at ([\d:, and]*)", words):
        return {_second(item) for item in _items(match[1])}
    if match := re.match(r"(?:every hour at|at) ([:\d, andto]*?)(?: past the hour|$)", words):
        minutes = {number for item in _items(match[1]) for number in _numbers(item.replace(":", ""))}
        return {second for second in _within(words) if second % 60 == 0 and second // 60 % 60 in minutes}
    if match := re.match(r"every (\d+) minutes, from :(\d\d) on", words):
        return {
            second
            for second in _within(words)
            if second % 60 == 0 and second // 60 % 60 % int(match[1]) == int(match[2])
        }
    often = _OFTEN.match(words)
    assert often is not None, words
    step = int(often[1] or 1) * _UNITS[often[2]]
    spans = list(_spans(words))
    if spans:
        return {second % 86_400 for first, last in spans for second in range(first, last + 1, step)}
    return {second for second in _within(words) if second % step == 0}


def _within(words: str) -> Iterable[int]:
    """The seconds of the day that the words do not rule out."""
    if spans := list(_spans(words)):
        return sorted({second % 86_400 for first, last in spans for second in range(first, last + 1)})
    if begin := _BEGIN.search(words):
        hours = {_second(item) // 3600 for item in _items(begin[1])}
        return [second for second in DAY if second // 3600 in hours]
    return DAY


def _spans(words: str) -> Iterable[tuple[int, int]]:
    for first, over, last in _SPAN.findall(words):
        yield _second(first), _second(last) + (86_400 if over else 0)


def _items(words: str) -> list[str]:
    return re.split(r", | and ", words)


def _numbers(item: str) -> range:
    first, _, last = item.partition(" to ")
    return range(int(first), int(last or first) + 1)


def _second(time: str) -> int:
    hour, minute, second = [*map(int, time.split(":")), 0][:3]
    return hour * 3600 + minute * 60 + second
