"""Repair of spelling."""

from __future__ import annotations

import pytest

from assistant.spelling import Speller, dictionary

TAUGHT = ["can i swim in the pool", "is there nickel in the pigment", "folliculitis on my scalp", "folliculitis again"]


@pytest.fixture
def speller() -> Speller:
    return Speller.learn(TAUGHT)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("is there nikel in the pigmnt", "is there nickel in the pigment"),
        ("foliculitis", "folliculitis"),
        ("folliculitus", "folliculitis"),
    ],
)
def test_an_unknown_word_becomes_the_nearest_taught_one(speller: Speller, typed: str, read: str) -> None:
    """One letter off, or two in a long word."""
    assert read == speller.repair(typed)


@pytest.mark.parametrize("word", ["pail", "nicked", "swam", "eliquis", "humira", "roaccutane", "alopecia"])
def test_a_known_word_a_drug_or_a_condition_is_never_touched(speller: Speller, word: str) -> None:
    """Also where a taught word is one letter away."""
    assert word in dictionary()
    assert word == speller.repair(word)


def test_short_and_strange_words_stay(speller: Speller) -> None:
    """What is near nothing is left for the model to see."""
    assert "xyz qwertyzzz 38.5 hba1c" == speller.repair("xyz qwertyzzz 38.5 hba1c")


def test_a_word_used_once_and_in_no_dictionary_is_not_learnt() -> None:
    """It may be a typing error of the example itself."""
    assert "pigmeent" not in Speller.learn(["is the pigmeent safe"]).counts
