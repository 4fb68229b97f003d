"""What is said in the demo: visitors' examples and the assistant's replies, both as `data/` has them."""

from __future__ import annotations

import random
from typing import Any

from shared.clinic import clinic
from shared.content import Topic, Wording, dialogue, load_examples, topics
from web.notices import contact

#: Asked most, the first most of all.
POPULAR = (
    "is_smp_safe pain cost how_long_it_lasts normal_healing allergic_reaction mri washing_hair infection_signs "
    "aftercare heavy_metals how_many_sessions side_effects hair_transplant numbing_cream sweat_exercise_swimming women "
    "removal_laser"
).split()
#: Understood with doubt, and found unhelpful: so that the console has something to show.
DOUBTED = frozenset(
    (
        "ink_quality_brands minoxidil_finasteride color_change migration_blurring sun_sunscreen "
        "license_qualified_technician"
    ).split()
)
DISLIKED = frozenset("cost how_many_sessions color_change questions_to_ask natural_look".split())


class Words:
    """All that may be said, ready to be picked from."""

    def __init__(self) -> None:
        self.topics = {name: topic for name, topic in topics().items() if not name.startswith("emergency_")}
        self.emergencies = {name: topic for name, topic in topics().items() if name.startswith("emergency_")}
        self._examples = load_examples()
        self._replies: dict[str, list[Wording]] = {}
        for wording in dialogue():
            self._replies.setdefault(wording.place[0], []).append(wording)
        self._contact = contact().model_dump(mode="json")
        self._variables = clinic().variables()
        names = [*POPULAR, *(name for name in self.topics if name not in POPULAR)]
        self._names = [name for name in names if name in self.topics]
        self._weights = [1 / (rank + 3) for rank in range(len(self._names))]

    def asks(self, chance: random.Random, intent: str) -> str:
        """What a visitor might write."""
        return chance.choice(self._examples[intent])

    def a_topic(self, chance: random.Random) -> Topic:
        """A topic, the popular ones more often."""
        return self.topics[chance.choices(self._names, self._weights)[0]]

    def neighbour(self, chance: random.Random, topic: Topic) -> Topic:
        """Another topic, one that it is confused with if there is any."""
        near = [name for name in topic.about.not_to_confuse_with if name in self.topics]
        return self.topics[chance.choice(near or self._names)]

    def answer(self, topic: Topic) -> dict[str, Any]:
        """A topic's reply in the shared format."""
        about = topic.about
        return self._body(
            topic.wording.text, about.kind, topic=topic.id, care=about.care, sources=topic.shown_sources,
            contact=self._contact if about.kind != "answer" else None,
        )  # fmt: skip

    def reply(self, name: str, turn: int = 0, **more: Any) -> dict[str, Any]:
        """A reply that is no topic's, by its name without `utter_`; the next wording at each turn."""
        wordings = self._replies[f"utter_{name}"]
        wording = wordings[turn % len(wordings)]
        if wording.kind in ("handoff", "out_of_scope", "form"):
            more.setdefault("contact", self._contact)
        return self._body(wording.text, wording.kind, **more)

    def _body(self, text: str, kind: str, **more: Any) -> dict[str, Any]:
        for name, value in {**self._variables, **more.pop("fill", {})}.items():
            text = text.replace(f"{{{name}}}", value)
        empty: dict[str, Any] = {
            "topic": None,
            "care": None,
            "sources": [],
            "reviewed": None,
            "choices": [],
            "contact": None,
            "handoff": None,
        }
        return {"text": text.strip(), "kind": kind, **empty, **more}
