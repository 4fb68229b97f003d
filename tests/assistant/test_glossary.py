"""Names of drugs, products and conditions, explained by what they are."""

from __future__ import annotations

from assistant.glossary import classes, explain, words
from assistant.spelling import Speller


def test_a_name_is_followed_by_its_class() -> None:
    """However many words it has."""
    assert "can i have smp on eliquis blood thinner" == explain("can i have smp on eliquis")
    assert "i use head & shoulders anti-dandruff shampoo daily" == explain("i use head & shoulders daily")


def test_what_is_said_already_is_not_said_again() -> None:
    """A class that the message names itself."""
    assert "is warfarin a blood thinner" == explain("is warfarin a blood thinner")


def test_a_part_of_a_word_is_no_name() -> None:
    """ "final" is not "fin"."""
    assert "the final result" == explain("the final result")


def test_every_class_has_names_and_no_name_two() -> None:
    """Reading the file checks it; all is lower case, as the text it is found in."""
    assert all(name == name.lower() and kind == kind.lower() for name, kind in classes().items())
    assert len(set(classes().values())) > 30


def test_a_misspelt_name_is_repaired_and_its_own_words_never_are() -> None:
    """Names that no example uses are known too."""
    speller = Speller.learn(["can i swim", "can i swim today"])
    assert "on rivaroxaban" == speller.repair("on rivaroxoban")
    assert all(speller.repair(word) == word for word in sorted(words()))
