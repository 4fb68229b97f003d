"""Rasa's responses with the clinic's facts in them and what every channel needs to show them."""

from __future__ import annotations

import copy
import re
from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from assistant.language import LANGUAGE
from assistant.selection import base_intent
from shared.clinic import Clinic, clinic
from shared.reply import MAX_CHOICE_DESCRIPTION, MAX_CHOICE_TITLE

#: Fields of a response's metadata that a reply needs; the others are for staff and stay in the files.
SHOWN_METADATA = ("kind", "topic", "care", "reviewed", "sources")
#: Said instead where no topic is likely enough to be offered.
NO_CHOICES = "utter_clarify_openly"
#: Put before a reply when something in the message sounds like an emergency.
WARNING = "utter_warning_line"
#: Put before an answer that was given before: to the same question, or to one that leans on it.
AGAIN = "utter_again"
SAME_ANSWER = "utter_same_answer"
#: Sentences of an answer that are said again.
SHORT_SENTENCES = 2
#: Where a topic names nothing that only the clinic knows.
NOTHING_MORE = "how it does this itself"
MAX_CHOICES = 3
#: A topic less probable than this is no sensible guess.
LEAST_PROBABLE_CHOICE = 0.02

#: Not after one letter: "U.S. rules" goes on.
_SENTENCE_END = re.compile(r"(?<!\b[A-Za-z]\.)(?<=[.!?])\s+")
_URGENT = re.compile(r"\b(?:911|emergency|\bER\b|same day|right away|at once|Never|Do not (?:stop|start))\b")


def spanish_name(utter_action: str) -> str:
    """`utter_handoff/booking` gives `utter_es_handoff_booking`, the response that says it in Spanish."""
    return f"utter_es_{utter_action.removeprefix('utter_').replace('/', '_')}"


def _latest(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What the pipeline made of the latest message."""
    return (tracker.latest_message.parse_data if tracker.latest_message else None) or {}


def in_short(text: str) -> str:
    """The first sentences of an answer, and all that say what to do in an emergency."""
    sentences = _SENTENCE_END.split(text)
    return " ".join(
        sentence
        for place, sentence in enumerate(sentences)
        if place < SHORT_SENTENCES or _URGENT.search(sentence) is not None
    )


def _seen(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sources that were read; no other is ever shown."""
    return [source for source in sources if source["seen"]]


def _about(topic: dict[str, Any] | None) -> dict[str, str]:
    """What a response may say about the topic answered last."""
    if topic is None:
        return {"topic_title": "", "topic_publishers": "", "clinic_can_confirm": ""}
    return {
        "topic_title": str(topic["title"]),
        "topic_publishers": "; ".join(dict.fromkeys(source["publisher"] for source in _seen(topic["sources"]))),
        "clinic_can_confirm": "; ".join(topic.get("clinic_can_confirm") or [NOTHING_MORE]),
    }


class ClinicResponses(TemplatedNaturalLanguageGenerator):
    """Fills `{clinic_phone}` and its like, keeps the metadata a reply needs, and offers the nearest topics."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        # Rasa sets the responses of a loaded model later, on the attribute.
        super().__init__((domain or Domain.empty()).responses)
        self._facts: tuple[Clinic, dict[str, str]] | None = None

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        topic = self._last_topic(tracker)
        variables = {**tracker.current_slot_values(), **self._facts_of_clinic(), **_about(topic), **kwargs}
        latest = _latest(tracker)
        response = self._wording(utter_action, tracker, variables, output_channel)
        if response is None:
            return None
        metadata = response.get("metadata") or {}
        if metadata.get("choices") == "ranking":
            response["buttons"] = self._nearest_topics(tracker)
            if not response["buttons"]:
                return await self.generate(NO_CHOICES, tracker, output_channel, **kwargs)
        if metadata.get("about") == "last_topic":
            if topic is None:
                return await self.generate(f"{utter_action}_none", tracker, output_channel, **kwargs)
            metadata = {**metadata, "topic": topic["topic"], "sources": topic["sources"]}
        spanish = self._in_spanish(utter_action, variables, output_channel) if latest.get(LANGUAGE) == "es" else None
        if spanish:
            # A signature is for the English wording.
            response["text"], metadata = spanish, {**metadata, "reviewed": None}
        elif metadata.get("kind") == "answer" and latest.get("again") == "repeated":
            response["text"] = f"{self._said(AGAIN, variables, output_channel)} {in_short(response['text'])}"
        elif metadata.get("kind") == "answer" and latest.get("again") == "continued":
            response["text"] = f"{self._said(SAME_ANSWER, variables, output_channel)} {response['text']}"
        if self._needs_warning(tracker, metadata):
            warning = self._in_spanish(WARNING, variables, output_channel) if spanish else None
            warning = warning or self._said(WARNING, variables, output_channel)
            response["text"] = f"{warning} {response['text']}".strip()
        shown = {key: metadata[key] for key in SHOWN_METADATA if metadata.get(key) is not None}
        shown["sources"] = [
            {key: source[key] for key in ("title", "publisher", "url")} for source in _seen(shown.get("sources", []))
        ]
        response["metadata"] = {"reply": shown}
        return response

    def _facts_of_clinic(self) -> dict[str, str]:
        """What the clinic's facts put into any response, found once: its file is read at the start."""
        if self._facts is None or self._facts[0] is not clinic():
            self._facts = clinic(), clinic().variables()
        return self._facts[1]

    def _wording(
        self, utter_action: str, tracker: DialogueStateTracker, variables: dict[str, Any], output_channel: str
    ) -> dict[str, Any] | None:
        """A response's wordings in turn, so that no visitor reads the same one twice in a row where there are two."""
        wordings = self.responses.get(utter_action) or []
        if len(wordings) < 2:
            return self.generate_from_slots(utter_action, variables, output_channel)
        said = sum(
            isinstance(event, BotUttered) and event.metadata.get("utter_action") == utter_action
            for event in tracker.events
        )
        return self._fill_response(copy.deepcopy(wordings[said % len(wordings)]), variables)

    def _last_topic(self, tracker: DialogueStateTracker) -> dict[str, Any] | None:
        """The metadata of the topic that was answered last."""
        for event in reversed(tracker.events):
            shown = (event.metadata.get("metadata") or {}).get("reply") or {} if isinstance(event, BotUttered) else {}
            if shown.get("kind") == "answer" and shown.get("topic"):
                wordings = self.responses.get(f"utter_safety/{shown['topic']}")
                return dict(wordings[0]["metadata"]) if wordings else None
        return None

    def _said(self, utter_action: str, variables: dict[str, Any], output_channel: str) -> str:
        """The text of a response."""
        return str((self.generate_from_slots(utter_action, variables, output_channel) or {}).get("text") or "")

    def _in_spanish(self, utter_action: str, variables: dict[str, Any], output_channel: str) -> str | None:
        """The Spanish text of a response; None where it has none, as a topic's answer."""
        response = self.generate_from_slots(spanish_name(utter_action), variables, output_channel)
        return str(response["text"]) if response else None

    @staticmethod
    def _needs_warning(tracker: DialogueStateTracker, metadata: dict[str, Any]) -> bool:
        """Whether the message may be an emergency although it was not taken for one."""
        return bool(_latest(tracker).get("warns")) and metadata.get("kind") != "emergency"

    def _nearest_topics(self, tracker: DialogueStateTracker) -> list[dict[str, str]]:
        """The likeliest topics of the last message, as choices."""
        ranking = _latest(tracker).get("intent_ranking") or []
        choices = []
        for candidate in ranking:
            variations = self.responses.get(f"utter_{candidate['name']}")
            is_likely = candidate["confidence"] >= LEAST_PROBABLE_CHOICE
            if variations and is_likely and base_intent(candidate["name"]) == "safety":
                metadata = variations[0]["metadata"]
                choices.append(
                    {
                        "title": metadata["short_title"][:MAX_CHOICE_TITLE],
                        "payload": candidate["name"],
                        "description": metadata["title"][:MAX_CHOICE_DESCRIPTION],
                    }
                )
        return choices[:MAX_CHOICES]
