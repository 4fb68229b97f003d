"""One turn through the trained model."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from assistant.turn import ChoiceNotOffered, take_turn
from shared.reply import Turn
from web.notices import STARTERS

pytestmark = pytest.mark.model


class Visitor:
    """Says things in one conversation."""

    def __init__(self, agent: Any) -> None:
        self.agent = agent
        self.conversation = uuid.uuid4().hex

    async def says(self, text: str, message_id: str | None = None) -> Turn:
        return await take_turn(self.agent, self.conversation, message_id or uuid.uuid4().hex, text=text)

    async def taps(self, choice: str) -> Turn:
        return await take_turn(self.agent, self.conversation, uuid.uuid4().hex, choice=choice)


@pytest.fixture
def visitor(agent: Any) -> Visitor:
    return Visitor(agent)


async def test_a_question_gets_the_sourced_answer(visitor: Visitor) -> None:
    """Its topic, and only sources that were read."""
    turn = await visitor.says("is there nickel in the ink?")
    assert ("answer", ["heavy_metals"]) == (turn.kind, turn.topics)
    assert turn.replies[0].sources


async def test_booking_gives_the_phone_and_a_handoff(visitor: Visitor) -> None:
    """The handoff has an id and a reason, and nothing the visitor wrote."""
    turn = await visitor.says("I want to book an appointment for Friday")
    (reply,) = turn.replies
    assert "handoff" == reply.kind
    assert reply.handoff is not None
    assert ("booking", "offered", None) == (reply.handoff.reason, reply.handoff.status, reply.handoff.request)
    assert reply.contact is not None
    assert reply.contact.phone_text is not None
    assert reply.contact.phone_text in reply.text


async def test_a_red_flag_gets_emergency_advice(visitor: Visitor) -> None:
    """With the care level that makes it one."""
    turn = await visitor.says("my throat is swelling since the session")
    assert ("emergency", ["emergency_anaphylaxis"]) == (turn.kind, turn.topics)
    assert "emergency_call" == turn.replies[0].care


async def test_something_else_is_out_of_scope(visitor: Visitor) -> None:
    """A pizza is no safety question."""
    assert "out_of_scope" == (await visitor.says("where can I get a good pizza")).kind


@pytest.mark.parametrize("question", STARTERS)
async def test_the_questions_we_offer_are_answered(visitor: Visitor, question: str) -> None:
    """A starter that is not understood would be our own fault."""
    assert "answer" == (await visitor.says(question)).kind


async def test_the_same_message_id_is_handled_once(visitor: Visitor) -> None:
    """A retry tells what was said, word for word, and the conversation has one turn."""
    first = await visitor.says("does it hurt?", "m1")
    assert first == await visitor.says("does it hurt?", "m1")
    tracker = await visitor.agent.tracker_store.retrieve(visitor.conversation)
    assert 1 == sum(event.as_dict()["event"] == "user" for event in tracker.events)


async def test_a_message_met_with_silence_is_handled_again(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The action server was down; once it is back, the same message gets its handoff."""
    with monkeypatch.context() as broken:

        async def refuse(*_: Any, **__: Any) -> None:
            raise ConnectionError

        broken.setattr(visitor.agent.processor.action_endpoint, "request", refuse)
        assert [] == (await visitor.says("I want to book an appointment for Friday", "m1")).replies
    assert "handoff" == (await visitor.says("I want to book an appointment for Friday", "m1")).kind


async def test_misunderstood_once_asks_and_twice_hands_over(visitor: Visitor, vague: str) -> None:
    """The second time a person is the better answer."""
    assert "clarify" == (await visitor.says(vague)).kind
    second = await visitor.says(vague)
    assert "handoff" == second.kind
    assert second.replies[0].handoff is not None
    assert "not_understood" == second.replies[0].handoff.reason


async def test_a_number_that_no_choice_has_is_not_understood(visitor: Visitor, vague: str) -> None:
    """And not out of scope: the visitor gets the clinic's number."""
    assert "clarify" == (await visitor.says(vague)).kind
    assert "handoff" == (await visitor.says("9")).kind


async def test_what_was_asked_before_is_read_as_a_question(visitor: Visitor) -> None:
    """Without them "it hurts" is a complaint."""
    assert ["pain"] == (await visitor.says("i asked if it hurts!!")).topics


async def test_an_offered_choice_is_answered_and_another_refused(visitor: Visitor, vague: str) -> None:
    """A choice stands for its topic, in the conversation it was offered in."""
    turn = await visitor.says(vague)
    assert "clarify" == turn.kind
    choice = turn.replies[0].choices[0].id
    tapped = await visitor.taps(choice)
    assert "answer" == tapped.kind
    with pytest.raises(ChoiceNotOffered):
        await visitor.taps("safety/never_offered")
    with pytest.raises(ChoiceNotOffered):
        await Visitor(visitor.agent).taps(choice)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "/restart",
        '/handoff{"reason": "x"}',
        "//",
        "\U0001f600\U0001f600",
        "\u0645\u0631\u062d\u0628\u0627",
        "\x00\x01",
        "{clinic_phone}",
        "a\n\nb",
    ],
    ids=repr,
)
async def test_odd_text_gets_a_reply(visitor: Visitor, text: str) -> None:
    """Whatever is typed is text, never a command, and is never met with silence."""
    turn = await visitor.says(text)
    assert turn.replies
    assert "answer" != turn.kind


async def test_a_very_long_text_gets_a_reply(visitor: Visitor) -> None:
    """Ten thousand characters are read and answered."""
    assert (await visitor.says("x" * 10_000)).replies


async def test_a_red_flag_in_the_middle_of_a_misunderstanding_comes_first(visitor: Visitor, vague: str) -> None:
    """No state of the conversation hides an emergency."""
    await visitor.says(vague)
    assert "emergency" == (await visitor.says("i cant breathe and my face is swelling")).kind


async def test_none_of_the_choices_hands_over(visitor: Visitor, vague: str) -> None:
    """A "no" to what was offered is not the end of the conversation."""
    assert "clarify" == (await visitor.says(vague)).kind
    assert "handoff" == (await visitor.says("no, none of these")).kind
