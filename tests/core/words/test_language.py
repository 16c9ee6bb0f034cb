"""The languages: each can say what the others say."""

import re
from collections.abc import Mapping
from dataclasses import fields

import pytest

from klokker.core.words.english import ENGLISH
from klokker.core.words.explain import LANGUAGES
from klokker.core.words.language import Language


def blanks(piece: object) -> object:
    """What a piece leaves to be filled in; of numbers, each word may or may not show one."""
    if isinstance(piece, str):
        return sorted(re.findall(r"\{(\w+)", piece))
    if isinstance(piece, Mapping):
        return {name: blanks(each) for name, each in piece.items()}
    if isinstance(piece, tuple):
        return [blanks(each) for each in piece]
    return None


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_each_language_fills_in_what_english_does(language: Language) -> None:
    unlike = {
        field.name
        for field in fields(Language)
        if blanks(getattr(language, field.name)) != blanks(getattr(ENGLISH, field.name))
    }
    assert unlike == set()


def test_names_are_those_of_their_language() -> None:
    named = {
        code: (language.weekdays[0], language.weekdays[6], language.months[2]) for code, language in LANGUAGES.items()
    }
    assert named == {
        "en": ("Sunday", "Saturday", "March"),
        "nl": ("zondag", "zaterdag", "maart"),
        "nb": ("søndag", "lørdag", "mars"),
    }
