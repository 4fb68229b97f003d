"""How a demo conversation goes: what the visitor writes, what was understood, what is said, and what comes of it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.content import Topic
from web.demo import people
from web.demo.people import Person
from web.demo.words import DISLIKED, DOUBTED, Words
from web.notices import outage_notice, person_answers_notice

MODELS = ("assistant-4f1c2a", "assistant-9b07de")
REASONS = (
    "booking prices hours_location personal_medical complaint records_data human minor unanswered".split()
)  # fmt: skip


@dataclass
class Turn:
    """One message and what followed. `pause` is in seconds since the turn before; `took` until the reply."""

    text: str = ""
    choice: str = ""
    attachment: str = ""
    state: str = "handled"
    replies: list[dict[str, Any]] = field(default_factory=list)
    kind: str = ""
    topics: list[str] = field(default_factory=list)
    confidence: float = 0.0
    understood: dict[str, Any] = field(default_factory=dict)
    pause: float = 40.0
    took: float = 0.4
    helpful: bool | None = None
    comment: str = ""
    handoff: dict[str, str] | None = None
    left: Person | None = None
    is_task: bool = False
    by_staff: str = ""


class Scene:
    """Writes the turns of one conversation after another, all from one source of chance."""

    def __init__(self, words: Words, chance: random.Random, channel: str, model: str) -> None:
        self._words, self._chance, self._channel, self._model = words, chance, channel, model

    def turns(self) -> list[Turn]:
        """A conversation."""
        weights = [weight for _, weight in _KINDS]
        play = self._chance.choices([play for play, _ in _KINDS], weights)[0]
        turns: list[Turn] = play(self)
        if self._chance.random() < 0.15:
            turns.insert(0, self._smalltalk("greet"))
        for turn in turns:
            turn.pause = self._chance.lognormvariate(3.6, 0.8)
            turn.took = turn.took if turn.took > 5 else self._chance.lognormvariate(-1.1, 0.55)
        return turns

    # What a visitor may come for.

    def _questions(self) -> list[Turn]:
        turns = [self._question() for _ in range(self._chance.choices([1, 2, 3, 5], [55, 27, 13, 5])[0])]
        return [*turns, self._smalltalk("thanks")] if self._chance.random() < 0.3 else turns

    def _unsure(self) -> list[Turn]:
        topic = self._words.a_topic(self._chance)
        asked = self._doubted(topic)
        if self._chance.random() < 0.25:
            return [asked, *self._lost()[1:]]
        picked = self._answered(topic, 1.0)
        picked.text, picked.choice = "", topic.label
        return [asked, picked]

    def _lost(self) -> list[Turn]:
        topic = self._words.a_topic(self._chance)
        last = self._handed_over("not_understood", self._words.asks(self._chance, topic.label))
        last.confidence = round(self._chance.uniform(0.1, 0.35), 3)
        return [self._doubted(topic), last]

    def _handoff(self) -> list[Turn]:
        reason = self._chance.choices(REASONS, [30, 22, 8, 12, 5, 5, 12, 2, 6])[0]
        return [self._handed_over(reason)]

    def _call_back(self) -> list[Turn]:
        person = people.someone(self._chance)
        first = self._handed_over(self._chance.choice(REASONS[:7]))
        handoff = first.handoff or {}

        def form(text: str, name: str, status: str = "collecting", **fill: str) -> Turn:
            body = self._words.reply(name, fill=fill, handoff={**handoff, "status": status, "request": None})
            return Turn(text=text, replies=[body], kind="form", confidence=0.97, understood=self._nothing("form"))

        summary = f"I have {person.name}, {person.phone}."
        turns = [
            first,
            form("can you call me back please", "callback_ask_name"),
            form(f"my name is {person.name}", "callback_ask_reach"),
            form(f"{person.phone} {person.best_time}".strip(), "callback_ask_confirm", request_summary=summary),
        ]
        if self._chance.random() < 0.12:
            return [*turns, form("never mind", "callback_cancelled", "cancelled")]
        sent = form("yes please", "callback_requested", "requested")
        sent.left, sent.handoff = person, {**handoff, "status": "requested"}
        return [*turns, sent]

    def _emergency(self) -> list[Turn]:
        topic = self._chance.choice(list(self._words.emergencies.values()))
        asked = Turn(
            text=self._words.asks(self._chance, topic.label), replies=[self._words.answer(topic)], kind="emergency",
            topics=[topic.id], confidence=1.0,
        )  # fmt: skip
        asked.understood = self._understood(topic, 1.0, rules=[topic.id.removeprefix("emergency_")])
        return [self._question(), asked] if self._chance.random() < 0.4 else [asked]

    def _out_of_scope(self) -> list[Turn]:
        return [self._said("out_of_scope", "out_of_scope")]

    def _refuse(self) -> list[Turn]:
        kind = self._chance.choice(["prompt_injection", "abuse", "guarantee", "pii"])
        return [self._said(f"refuse/{kind}", f"refuse/{kind}")]

    def _outage(self) -> list[Turn]:
        topic = self._words.a_topic(self._chance)
        body = outage_notice().model_dump(mode="json")
        lost = Turn(text=self._words.asks(self._chance, topic.label), replies=[body], kind="notice", state="failed")
        lost.took, lost.is_task = 10.0, True
        return [self._question(), lost] if self._chance.random() < 0.5 else [lost]

    def _person(self) -> list[Turn]:
        first = self._handed_over("human")
        body = person_answers_notice().model_dump(mode="json")
        left = Turn(text="ok, I wait here", state="left", replies=[body] if self._channel == "website" else [])
        left.by_staff = "Hello, this is the clinic. How can I help you?"
        return [
            first,
            left,
            Turn(text="great, can I come on Friday at ten?", state="left", by_staff="Yes, see you then."),
        ]

    def _spanish(self) -> list[Turn]:
        text = self._chance.choice(
            ["¿es seguro si tengo diabetes?", "¿cuánto duele?", "¿puedo lavarme el pelo mañana?"]
        )
        return [self._handed_over("language", text, "es_handoff_language")]

    def _photo(self) -> list[Turn]:
        body = self._words.reply("capabilities")
        return [Turn(attachment="photo", replies=[{**body, "kind": "notice"}], kind="notice"), self._question()]

    # Single turns.

    def _question(self) -> Turn:
        topic = self._words.a_topic(self._chance)
        if topic.id in DOUBTED and self._chance.random() < 0.45:
            return self._doubted(topic)
        sure = self._chance.uniform(0.46, 0.7) if topic.id in DOUBTED else min(0.999, self._chance.betavariate(14, 1.6))
        return self._answered(topic, sure)

    def _answered(self, topic: Topic, confidence: float) -> Turn:
        body = self._words.answer(topic)
        handoff = None
        if body["kind"] == "handoff":
            handoff = {"id": str(uuid.UUID(int=self._chance.getrandbits(128))), "reason": "prices", "status": "offered"}
            body["handoff"] = {**handoff, "request": None}
        turn = Turn(
            text=self._words.asks(self._chance, topic.label), replies=[body], kind=body["kind"], topics=[topic.id],
            confidence=round(confidence, 3), understood=self._understood(topic, confidence), handoff=handoff,
        )  # fmt: skip
        if self._chance.random() < 0.16:
            turn.helpful = self._chance.random() > (0.55 if topic.id in DISLIKED else 0.12)
            turn.comment = self._chance.choice(people.LIKED if turn.helpful else people.DISLIKED)
        return turn

    def _doubted(self, topic: Topic) -> Turn:
        near = [topic, self._words.neighbour(self._chance, topic), self._words.a_topic(self._chance)]
        choices = [
            {"id": one.label, "title": one.about.short_title[:20], "description": one.about.title[:72]}
            for one in {one.id: one for one in near}.values()
        ]
        sure = self._chance.uniform(0.2, 0.45)
        return Turn(
            text=self._words.asks(self._chance, topic.label), replies=[self._words.reply("clarify", choices=choices)],
            kind="clarify", confidence=round(sure, 3), understood=self._understood(topic, sure, "nlu_fallback"),
        )  # fmt: skip

    def _handed_over(self, reason: str, text: str = "", reply: str = "") -> Turn:
        handoff = {"id": str(uuid.UUID(int=self._chance.getrandbits(128))), "reason": reason, "status": "offered"}
        body = self._words.reply(reply or f"handoff/{reason}", handoff={**handoff, "request": None})
        intent = f"handoff/{reason}"
        understood = self._nothing("nlu_fallback" if reason == "not_understood" else intent)
        if not text and reason in ("unanswered", "minor"):
            text = "my son is 16, can he get it" if reason == "minor" else "is the ink kosher"
        return Turn(
            text=text or self._words.asks(self._chance, intent), replies=[body], kind="handoff", handoff=handoff,
            confidence=round(min(0.999, self._chance.betavariate(12, 1.4)), 3), understood=understood,
        )  # fmt: skip

    def _smalltalk(self, name: str) -> Turn:
        return self._said(name, name)

    def _said(self, intent: str, reply: str) -> Turn:
        body = self._words.reply(reply, self._chance.randrange(2))
        sure = round(min(0.999, self._chance.betavariate(12, 1.2)), 3)
        return Turn(
            text=self._words.asks(self._chance, intent), replies=[body], kind=body["kind"], confidence=sure,
            understood=self._nothing(intent),
        )  # fmt: skip

    # What was understood.

    def _understood(
        self, topic: Topic, sure: float, intent: str = "", rules: list[str] | None = None
    ) -> dict[str, Any]:
        second = self._words.neighbour(self._chance, topic) if topic.id in self._words.topics else None
        share = (1 - sure) * self._chance.uniform(0.4, 0.95)
        ranking = [{"label": topic.label, "confidence": round(sure, 3)}]
        if second is not None:
            ranking.append({"label": second.label, "confidence": round(min(share, sure), 3)})
        return {
            "intent": topic.label if intent == "" else intent, "topics": [topic.id] if intent == "" else [],
            "confidence": round(sure, 3), "ranking": ranking, "rules": rules or [],
            "actions": [f"utter_{topic.label}" if intent == "" else "utter_clarify"], "model": self._model,
        }  # fmt: skip

    def _nothing(self, intent: str) -> dict[str, Any]:
        sure = round(self._chance.uniform(0.8, 0.99), 3)
        return {
            "intent": intent, "topics": [], "confidence": sure, "ranking": [{"label": intent, "confidence": sure}],
            "rules": [], "actions": [], "model": self._model,
        }  # fmt: skip


_KINDS: list[tuple[Callable[[Scene], list[Turn]], float]] = [
    (Scene._questions, 52),
    (Scene._unsure, 10),
    (Scene._lost, 4),
    (Scene._handoff, 10),
    (Scene._call_back, 7),
    (Scene._emergency, 4),
    (Scene._out_of_scope, 3.5),
    (Scene._refuse, 2),
    (Scene._outage, 1.5),
    (Scene._person, 2),
    (Scene._spanish, 2),
    (Scene._photo, 1),
]
