"""The states that policies predict from are Rasa's, to the last word, and are found once."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from rasa.core.featurizers.tracker_featurizers import TrackerFeaturizer
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActionReverted, Restarted, UserUtteranceReverted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant import states as module
from assistant.states import create_states
from assistant.turn import take_turn

pytestmark = pytest.mark.model

CONVERSATIONS = Path(__file__).parents[2] / "evaluation" / "conversations" / "validation.jsonl"
WHICH = (
    {},
    {"ignore_rule_only_turns": True},
    {"ignore_rule_only_turns": True, "rule_only_data": {"rule_only_slots": ["handoff_id"], "rule_only_loops": ["x"]}},
    {"omit_unset_slots": True},
)


def spoken(most: int) -> list[list[str]]:
    """What visitors say in some conversations: questions, red flags, call-back requests, thanks."""
    rows = [json.loads(row) for row in CONVERSATIONS.read_text(encoding="utf-8").splitlines() if row.strip()]
    return [[turn["says"] for turn in row["turns"]] for row in rows[:most]]


def assert_alike(tracker: DialogueStateTracker, domain: Domain) -> None:
    for which in WHICH:
        assert create_states(tracker, domain, **which) == TrackerFeaturizer._create_states(tracker, domain, **which)


async def test_states_are_those_of_rasa_in_every_conversation(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every prediction of whole conversations, for policies of rules and of stories."""
    compared = 0
    ours = module.create_states

    def both(tracker: DialogueStateTracker, domain: Domain, *arguments: Any, **named: Any) -> Any:
        nonlocal compared
        compared += 1
        found = ours(tracker, domain, *arguments, **named)
        assert found == TrackerFeaturizer._create_states(tracker, domain, *arguments, **named)
        return found

    featurizers = [
        node._component.featurizer
        for node in agent.processor.graph_runner._instantiated_nodes.values()
        if isinstance(getattr(node._component, "featurizer", None), TrackerFeaturizer)
    ]
    assert len(featurizers) == 2
    for featurizer in featurizers:
        assert featurizer._create_states is ours, "what is tested is what serves"
        monkeypatch.setattr(featurizer, "_create_states", both)
    for texts in spoken(20):
        name = uuid.uuid4().hex
        for number, text in enumerate(texts):
            assert (await take_turn(agent, name, str(number), text=text)).replies
    assert compared > 200


async def test_what_was_taken_back_counts_no_more(agent: Any) -> None:
    """A message or an action that was reverted, and a restart, after the states were asked for."""
    name = uuid.uuid4().hex
    for number, text in enumerate(("hi", "is it safe", "can someone call me", "Dana")):
        await take_turn(agent, name, str(number), text=text)
    tracker = await agent.tracker_store.retrieve(name)
    for event in (
        UserUttered("and pain?", intent={"name": "safety", "confidence": 1.0}),
        ActionExecuted("utter_safety"),
        ActionReverted(),
        UserUtteranceReverted(),
        ActionExecuted("action_listen"),
        Restarted(),
        ActionExecuted("action_listen"),
    ):
        assert_alike(tracker, agent.domain)
        tracker.update(event, agent.domain)
    assert_alike(tracker, agent.domain)


async def test_a_policy_may_change_the_states_it_is_given(agent: Any) -> None:
    """The next one gets them as they were."""
    name = uuid.uuid4().hex
    await take_turn(agent, name, "1", text="is it safe")
    tracker = await agent.tracker_store.retrieve(name)
    first = create_states(tracker, agent.domain)
    for state in first:
        for part in state.values():
            part.clear()
    assert_alike(tracker, agent.domain)


async def test_a_conversation_is_replayed_once(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many policies ask, and at how many predictions."""
    name = uuid.uuid4().hex
    for number in range(3):
        await take_turn(agent, name, str(number), text="is it safe")
    tracker = await agent.tracker_store.retrieve(name)
    replayed: list[Any] = []
    monkeypatch.setattr(
        DialogueStateTracker,
        "init_copy",
        lambda self: replayed.append(self) or DialogueStateTracker("x", self.slots.values()),
    )
    for _ in range(5):
        create_states(tracker, agent.domain)
    assert len(replayed) == 1
