"""Text: what every database can store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.text import clean, head_and_tail


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
