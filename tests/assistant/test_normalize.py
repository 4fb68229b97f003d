"""Plain text out of however a visitor typed it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.normalize import MAX_FEATURE_CHARACTERS, normalize, plain


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("DOES it HURT???", "does it hurt?"),
        ("can\u2019t  sleep", "can't sleep"),
        ("cant u tell me b4 i book", "can't you tell me before i book"),
        ("soooo sore \U0001f62d\U0001f62d", "so sore"),
        ("\u202eright\u200b to left", "right to left"),
        ("does\x00it\x07hurt", "does it hurt"),
        ("", ""),
    ],
)
def test_examples(typed: str, read: str) -> None:
    """Case, quotes, shorthand, stretched letters, emoji and unseen characters are evened out."""
    assert read == normalize(typed)


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    """What a long message asks often stands at its end."""
    read = normalize("begin " + "x" * 20_000 + " end")
    assert read.startswith("begin")
    assert read.endswith("end")
    assert len(read) <= MAX_FEATURE_CHARACTERS + 1


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """No text raises, and none keeps a control character but the line break."""
    assert all(c == "\n" or c.isprintable() or c.isspace() for c in plain(text))
