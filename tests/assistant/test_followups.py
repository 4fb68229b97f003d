"""A message in the light of the conversation."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.followups import Past, in_conversation, named_choice, names_a_missing_choice
from assistant.selection import full_intent, parse_result
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


@pytest.mark.parametrize(("text", "is_missing"), [("4", True), ("the fourth one", True), ("3", False), ("last", False)])
def test_a_number_may_name_no_choice(text: str, is_missing: bool) -> None:
    """Whoever types it did choose; of nothing offered it is no choice, nor of other things than topics."""
    assert names_a_missing_choice(text, CHOICES) is is_missing
    assert not names_a_missing_choice(text, [])
    assert not names_a_missing_choice(text, [("confirm_request", "Yes"), ("cancel_request", "No")])


def test_a_number_is_no_choice_where_none_is_offered() -> None:
    """It may be an age, a date, a phone number."""
    assert named_choice("2", []) is None


@pytest.mark.parametrize("text", ["and for my wife?", "for my dad too?", "what about my brother", "same for women?"])
async def test_the_same_for_someone_else_is_the_same_topic(text: str) -> None:
    """The last topic, marked as leaning on it."""
    read = await in_conversation(not_understood(), text, PAST, Pipeline(LABELS))
    assert ("safety", "continued") == (read["intent"]["name"], read["again"])


@pytest.mark.parametrize(("label", "confidence"), [("handoff/prices", 0.69), ("refuse/abuse", 0.97), ("greet", 0.7)])
async def test_a_person_alone_is_never_something_else(label: str, confidence: float) -> None:
    """ "And for my wife?" is like no example; after a question of safety it is that question, however it comes out."""
    read = await in_conversation(understood(label, confidence), "and for my wife?", PAST, Pipeline(LABELS))
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


@pytest.mark.parametrize(
    ("parsed", "label", "warns"),
    [
        (not_understood(), "emergency/self_harm", False),
        (understood("handoff/unanswered"), "emergency/self_harm", False),
        (understood("handoff/language"), "emergency/self_harm", False),
        (understood("safety/pain"), "safety/pain", True),
        (understood("thanks"), "thanks", False),
        (understood("handoff/prices"), "handoff/prices", False),
        (understood("emergency/eye"), "emergency/eye", False),
    ],
)
async def test_what_follows_an_emergency_is_about_it(parsed: dict[str, Any], label: str, *, warns: bool) -> None:
    """Where it says nothing else: "I'm still up here". A topic is answered behind the warning line."""
    past = Past([], None, "", [], alarm="emergency/self_harm")
    read = await in_conversation(parsed, "I'm still up here", past, Pipeline(LABELS))
    assert full_intent(read) == label
    assert bool(read.get("warns")) is warns


async def test_advice_is_said_again_in_the_language_of_the_alarm() -> None:
    """A few words more may look like any language."""
    past = after({**understood("emergency/anaphylaxis"), "language": "es"})
    read = await in_conversation({**not_understood(), "language": "en"}, "sigo igual", past, Pipeline(LABELS))
    assert (full_intent(read), read["language"]) == ("emergency/anaphylaxis", "es")


def after(parsed: dict[str, Any]) -> Past:
    """The past of a conversation in which this was said last."""
    said = UserUttered("x", intent=parsed["intent"], parse_data=parsed)
    return Past.of(DialogueStateTracker.from_events("x", [said]))


def test_only_a_sure_alarm_is_said_again_and_once() -> None:
    """One that a rule saw, or that the classifier is sure of; saying it again is no new alarm."""
    unsure = understood("emergency/eye", 0.4)
    seen = {**unsure, "red_flags": [{"kind": "eye", "excuse": None}]}
    excused = {**unsure, "red_flags": [{"kind": "eye", "excuse": "idiom"}]}
    assert after(understood("emergency/eye", 0.9)).alarm == after(seen).alarm == "emergency/eye"
    again = {**seen, "decision": "alarm_again"}
    assert (
        after(unsure).alarm is after(excused).alarm is after(again).alarm is after(understood("thanks")).alarm is None
    )


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


def first_guess(label: str, sureness: float, decision: str = "not_sure") -> dict[str, Any]:
    """Parse data of a message that may be this."""
    name = label if decision == "accepted" else "nlu_fallback"
    return {**parse_result(name, sureness, [(label, sureness)]), "decision": decision, "red_flags": []}


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("should i tell them", not_understood()),
        ("would a test help", not_understood()),
        ("its only peeling now", not_understood()),
        ("it was cured in 2019", not_understood()),
        ("salt water too?", not_understood()),
        ("n how long do i wait after stopping", not_understood()),
        ("and if the studio does not answer", not_understood()),
        ("which ones", first_guess("capabilities", 0.3, "accepted")),
        ("which one first", first_guess("affirm", 0.76, "accepted")),
        ("so thats a no?", first_guess("deny", 0.64, "accepted")),
        ("how far apart", first_guess("out_of_scope", 0.5, "accepted")),
        ("is that dangerous", understood("safety/is_smp_safe", 0.97)),
    ],
)
async def test_words_that_name_hardly_anything_are_about_what_was_said(text: str, parsed: dict[str, Any]) -> None:
    """Whatever they begin with, when they are few and nothing clear alone."""
    read = await in_conversation(parsed, text, PAST, Pipeline(LABELS))
    assert ("safety/washing_hair", "follow_up") == (full_intent(read), read["decision"])


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("how long do i boil an egg for soldiers", not_understood()),
        ("when can i get my mach3 back on it", not_understood()),
        ("do the practitioners have it on their own heads", not_understood()),
        ("blorp the flim", not_understood()),
        ("thanks", understood("thanks", 0.5)),
        ("oh its horrible", understood("react", 0.55)),
        ("and in germany?", understood("safety/eu_rules", 0.84)),
        ("and how do i book", understood("handoff/booking", 0.6)),
        ("do i need antibiotics", first_guess("safety/other_medicines", 0.6)),
        ("what if my throat swells up", first_guess("emergency/anaphylaxis", 0.2)),
    ],
)
async def test_what_names_something_of_its_own_is_not_about_what_was_said(text: str, parsed: dict[str, Any]) -> None:
    """The answer of another question would be a wrong answer; it is asked back, or is what it is."""
    read = await in_conversation(parsed, text, PAST, Pipeline({"wash": "safety/washing_hair"}))
    assert full_intent(parsed) == full_intent(read)
    assert "follow_up" != read["decision"]


async def test_the_last_of_a_few_sentences_asks() -> None:
    """ "You did not answer. More please" asks for more, and "hm, I see. And for how long?" goes on."""
    remark = understood("frustrated", 0.74)
    more = Pipeline({"more detail": "ask_more", "wash": "safety/washing_hair"})
    assert "ask_more" == full_intent(await in_conversation(remark, "you did not answer. more detail pls", PAST, more))
    read = await in_conversation(understood("react", 0.9), "ah i see. and for how long?", PAST, Pipeline(LABELS))
    assert "safety/washing_hair" == full_intent(read)


async def test_what_was_said_before_is_said_again() -> None:
    """ "I asked if it hurts" is the question in it, also where the rest sounds angry."""
    read = await in_conversation(understood("refuse/abuse", 0.3), "i asked if it hurts!!", PAST, Pipeline(LABELS))
    assert "safety/pain" == full_intent(read)
