"""What a message can be marked as: every intent of `data/`, under a name that staff know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shared.content import load_examples, topics
from web.review.models import Mark

_GROUPS = {
    "handoff": "Hand over to the clinic",
    "refuse": "Refuse",
    "out_of_scope": "Not about SMP",
}
_OTHER = "Small talk and the call-back request"


@dataclass(frozen=True)
class Intent:
    """One intent: as `data/` names it, as staff read it, and the group it stands in."""

    name: str
    title: str
    group: str
    kind: Mark.Kind


@cache
def intents() -> dict[str, Intent]:
    """Every intent by its name: the topics by title, then what else a message can ask of the assistant."""
    by_label = {topic.label: topic for topic in topics().values()}
    found = [
        Intent(label, topic.about.title, "Emergencies" if label.startswith("emergency/") else "Topics", Mark.Kind.TOPIC)
        for label, topic in sorted(by_label.items(), key=lambda item: item[1].about.title.lower())
    ]
    for name in sorted(load_examples()):
        if name not in by_label:
            base, _, detail = name.partition("/")
            title = (detail or base).replace("_", " ").capitalize()
            found.append(Intent(name, title, _GROUPS.get(base, _OTHER), Mark.Kind.BEHAVIOUR))
    return {intent.name: intent for intent in found}


def title_of(name: str) -> str:
    """What staff read for an intent, or for one that is no more."""
    known = intents().get(name)
    return known.title if known else name


def grouped() -> list[tuple[str, list[Intent]]]:
    """The intents by group, for a choice."""
    groups: dict[str, list[Intent]] = {}
    for intent in intents().values():
        groups.setdefault(intent.group, []).append(intent)
    order = ["Topics", "Emergencies", *_GROUPS.values(), _OTHER]
    return [(group, groups[group]) for group in order if group in groups]
