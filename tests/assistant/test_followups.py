"""A message in the light of the conversation."""

from __future__ import annotations

import pytest

from assistant.followups import Past, in_conversation, named_choice
from assistant.selection import full_intent
from tests.assistant.test_parts import LABELS, Pipeline, not_understood, understood

CHOICES = [("safety/mri", "MRI scans"), ("safety/pain", "Pain"), ("safety/cost", "Cost")]
PAST = Past(
    choices=[],
    label="safety/washing_hair",
    question="When can I wash my hair?",
    answered=[("safety/washing_hair", "When can I wash my hair?")],
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("2", "safety/pain"),
        ("2.", "safety/pain"),
        ("number 3 please", "safety/cost"),
        ("#1", "safety/mri"),
        ("the second one", "safety/pain"),
        ("last", "safety/cost"),
        ("I meant the first", "safety/mri"),
        ("mri scans", "safety/mri"),
        ("PAIN!", "safety/pain"),
        ("4", None),
        ("2 weeks", None),
        ("does it hurt", None),
    ],
)
def test_a_choice_is_named_by_number_place_or_title(text: str, choice: str | None) -> None:
    """And by nothing else."""
    assert choice == named_choice(text, CHOICES)


def test_a_number_is_no_choice_where_none_is_offered() -> None:
    """It may be an age, a date, a phone number."""
    assert named_choice("2", []) is None


@pytest.mark.parametrize("text", ["and for my wife?", "for my dad too?", "what about my brother", "same for women?"])
async def test_the_same_for_someone_else_is_the_same_topic(text: str) -> None:
    """The last topic, marked as leaning on it."""
    read = await in_conversation(not_understood(), text, PAST, Pipeline(LABELS))
    assert ("safety", "continued") == (read["intent"]["name"], read["again"])


async def test_few_words_are_read_with_the_question_before_them() -> None:
    """ "For how many days" after washing is about washing."""
    read = await in_conversation(not_understood(), "for how many days", PAST, Pipeline(LABELS))
    assert "safety/washing_hair" == read["response_selector"]["safety"]["response"]["intent_response_key"]


async def test_what_is_clear_alone_is_not_read_otherwise() -> None:
    """ "What about an MRI" is a new topic."""
    parsed = understood("safety/mri", 0.95)
    assert parsed is await in_conversation(parsed, "what about an MRI", PAST, Pipeline(LABELS))


async def test_an_emergency_is_never_a_follow_up() -> None:
    """Whatever was spoken of."""
    parsed = understood("emergency/anaphylaxis")
    assert parsed is await in_conversation(parsed, "and for my wife?", PAST, Pipeline(LABELS))


async def test_an_alarm_that_only_the_conversation_raises_is_warned() -> None:
    """Read together it sounds like an emergency, alone it does not."""
    past = Past([], "safety/pain", "Is my throat meant to ache?", [("safety/pain", "Is my throat meant to ache?")])
    read = await in_conversation(
        not_understood(), "and for how long", past, Pipeline({"throat": "emergency/anaphylaxis"})
    )
    assert read["warns"]


async def test_symptoms_add_up() -> None:
    """A few words that say little alone make an emergency of what was said before; a question is only warned."""
    past = Past([], None, "", [], said="there is pus on my scalp")
    pipeline = Pipeline({"pus on my scalp, and shivers": "emergency/infection"})
    assert "emergency/infection" == full_intent(await in_conversation(not_understood(), "and shivers", past, pipeline))
    clear = understood("safety/pain")
    assert clear is await in_conversation(clear, "and shivers", past, pipeline)
    unclear = not_understood()
    assert unclear is await in_conversation(unclear, "and shivers", Past([], None, "", []), pipeline)


async def test_the_same_question_again_is_marked() -> None:
    """So that the answer is shorter; another question of the same topic is answered in full."""
    parsed = understood("safety/washing_hair")
    again = await in_conversation(parsed, "when can i wash my hair", PAST, Pipeline(LABELS))
    assert "repeated" == again["again"]
    other = await in_conversation(parsed, "Is baby shampoo fine for the first wash?", PAST, Pipeline(LABELS))
    assert "again" not in other
