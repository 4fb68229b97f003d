"""Given names and words that are names too."""

from __future__ import annotations

import pytest

from shared.given_names import given_names, named_words, without_accents


@pytest.mark.parametrize(("name", "written"), [("José", "Jose"), ("Zoë", "Zoe"), ("Maria", "Maria"), ("", "")])
def test_accents_go_and_letters_stay(name: str, written: str) -> None:
    """Composed or not."""
    assert without_accents(name) == written


def test_the_lists_are_as_they_are_looked_up() -> None:
    """In small letters, without accents, and no name in both."""
    for name in given_names() | named_words():
        assert name == without_accents(name.lower())
    assert not given_names() & named_words()
