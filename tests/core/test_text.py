"""Text: what every database can store, and what a terminal can be shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.text import clean, head_and_tail, printable, printable_json


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("plain ☕", "plain ☕"), ("a\x00b", "a\ufffdb"), ("\ud83d\ude00 \udc80", "\ufffd\ufffd \ufffd"), ("", "")],
)
def test_nul_and_lone_surrogates_are_replaced(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_short_text_is_kept_whole() -> None:
    assert head_and_tail("short", cap=5) == "short"


def test_of_a_long_text_the_head_and_the_tail_stay() -> None:
    text = head_and_tail("first\n" + "x" * 1000 + "\nlast", cap=120)
    assert text.startswith("first\n")
    assert text.endswith("\nlast")
    assert "bytes or a little more left out" in text


@given(st.text(st.characters()), st.integers(0, 400))
def test_the_cap_holds_for_any_text(text: str, cap: int) -> None:
    assert len(head_and_tail(text, cap).encode()) <= cap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone\x07", "\\x1b[2Jgone\\x07"),
        ("one\rother \x9b31m \x7f", "one\\rother \\x9b31m \\x7f"),
        ("\u202eexe.\u2066 \u2028", "\\u202eexe.\\u2066 \\u2028"),
        ("lines\nand\ttabs ☕ עברית", "lines\nand\ttabs ☕ עברית"),
        ("half \ud800 nul \x00", "half \ufffd nul \ufffd"),
    ],
)
def test_what_steers_a_terminal_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_json_says_the_same_and_steers_nothing(text: str) -> None:
    text = clean(text)
    shown = printable_json(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(shown) == {text: text}
    assert printable(shown) == shown
