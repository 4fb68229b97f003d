"""Where the questions of a message are."""

from __future__ import annotations

import pytest

from assistant.questions import Unit, asks, carried_by, may_be_joined, questions_of, things_in


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Does it hurt and how long does it last?", ["Does it hurt", "how long does it last?"]),
        ("does it hurt, can I drink before and will an mri burn me", 3),
        ("Is it safe? What is in the ink?", 2),
        ("how long does it take and cost", 1),
        ("What should I do or is it ok", 1),
        ("I have psoriasis and diabetes. It flares up at times.", 0),
        ("Can I swim and run and drive?", 1),
        ("2 questions: does it hurt, can i swim", ["does it hurt", "can i swim"]),
        ("hi! quick questions - is it safe n do you take cards", ["is it safe", "do you take cards"]),
        ("1) pain? 2) healing time 3) cost", ["pain?", "healing time", "cost"]),
        ("- does it hurt\n- healing time", ["does it hurt", "healing time"]),
        ("does it hurt\nhow long does it last", ["does it hurt", "how long does it last"]),
        ("is it 3.5) or so", 1),
        ("does it hurt and i'd like to book a visit", ["does it hurt", "i'd like to book a visit"]),
        ("my scalp gets dandruff is that a problem", 1),
        ("i took it in may. my head is dry can i come anyway", ["my head is dry can i come anyway"]),
        ("do you know how long it lasts", 1),
    ],
)
def test_questions_are_split_where_a_new_one_begins(text: str, questions: list[str] | int) -> None:
    """At sentence ends, and before a word that opens a question."""
    found = [unit.question for unit in questions_of(text)]
    assert found == questions if isinstance(questions, list) else len(found) == questions


def test_a_story_belongs_to_the_question_after_it() -> None:
    """Or to the one before it, when it stands last."""
    assert [Unit("Can I have SMP?", "I take Eliquis.")] == questions_of("I take Eliquis. Can I have SMP?")
    assert [Unit("Can I have SMP?", "I take Eliquis.")] == questions_of("Can I have SMP? I take Eliquis.")


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("does it hurt", True),
        ("ouch?", True),
        ("I'd like to book", True),
        ("my scalp gets dandruff is that ok", True),
        ("my scalp gets dandruff", False),
        ("do you know how long it lasts", True),
    ],
)
def test_a_question_is_one_without_its_mark_too(text: str, is_asked: bool) -> None:
    """By how it begins, or by a plain question within it."""
    assert asks(text) is is_asked


def test_where_only_words_say_so_the_pieces_are_given() -> None:
    """And what the later ones take from the first."""
    assert may_be_joined("is it safe with psoriasis and warfarin") == ["is it safe with psoriasis", "warfarin"]
    assert may_be_joined("does it hurt how long does it last") == ["does it hurt", "how long does it last"]
    assert may_be_joined("can I have an MRI") == ["can I have an MRI"]
    assert carried_by("can I swim") == "can I"
    assert carried_by("warfarin") == ""
    assert things_in("I have psoriasis and take warfarin.") == ["I have psoriasis", "take warfarin"]
