"""Rare characters are shown or numbered, never lost, never an empty box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.delivery.rendering import fonts, glyphs

FONT = glyphs.coverage(fonts.file())


@pytest.mark.parametrize("character", ["信", "䶮", "𠮷", "A", "（", "—", "·"])
def test_the_font_has_what_names_are_written_with(character):
    assert character in FONT


@pytest.mark.parametrize("character", ["\U0002a6a5", "\U0001f3e0", "\ue000", "\x07", "ع"])
def test_the_font_lacks_what_it_lacks(character):
    assert character not in FONT


def test_a_character_that_cannot_be_shown_stands_as_its_number():
    assert glyphs.legible({"name": ["王\U0002a6a5"]}, lambda c: c in FONT) == {"name": ["王〔U+2A6A5〕"]}


@pytest.mark.parametrize("trick", ["\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\ufeff", "\ue000"])
def test_what_deceives_the_eye_is_made_visible(trick):
    shown = glyphs.legible(f"公司{trick}名", lambda c: not glyphs.deceives(c))
    assert shown == f"公司〔U+{ord(trick):04X}〕名"


@given(st.text())
def test_nothing_is_dropped_and_what_can_be_shown_is_left_alone(text):
    shown = glyphs.legible(text, lambda c: c in FONT)
    assert shown == "".join(c if c in FONT else glyphs.numbered(c) for c in text)
    assert all(c in FONT for c in shown)
