"""Rasa's responses with the clinic's facts in them and what every channel needs to show them."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from assistant.language import LANGUAGE
from assistant.selection import base_intent
from shared.clinic import clinic
from shared.reply import MAX_CHOICE_DESCRIPTION, MAX_CHOICE_TITLE

#: Fields of a response's metadata that a reply needs; the others are for staff and stay in the files.
SHOWN_METADATA = ("kind", "topic", "care", "reviewed", "sources")
#: Said instead where no topic is likely enough to be offered.
NO_CHOICES = "utter_clarify_openly"
#: Put before a reply when something in the message sounds like an emergency.
WARNING = "utter_warning_line"
MAX_CHOICES = 3
#: A topic less probable than this is no sensible guess.
LEAST_PROBABLE_CHOICE = 0.02


def spanish_name(utter_action: str) -> str:
    """`utter_handoff/booking` gives `utter_es_handoff_booking`, the response that says it in Spanish."""
    return f"utter_es_{utter_action.removeprefix('utter_').replace('/', '_')}"


def _latest(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What the pipeline made of the latest message."""
    return (tracker.latest_message.parse_data if tracker.latest_message else None) or {}


class ClinicResponses(TemplatedNaturalLanguageGenerator):
    """Fills `{clinic_phone}` and its like, keeps the metadata a reply needs, and offers the nearest topics."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        # Rasa sets the responses of a loaded model later, on the attribute.
        super().__init__((domain or Domain.empty()).responses)

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        variables = {**tracker.current_slot_values(), **clinic().variables(), **kwargs}
        language = _latest(tracker).get(LANGUAGE)
        response = self.generate_from_slots(utter_action, variables, output_channel)
        if response is None:
            return None
        metadata = response.get("metadata") or {}
        if metadata.get("choices") == "ranking":
            response["buttons"] = self._nearest_topics(tracker)
            if not response["buttons"]:
                return await self.generate(NO_CHOICES, tracker, output_channel, **kwargs)
        spanish = self._in_spanish(utter_action, variables, output_channel) if language == "es" else None
        if spanish:
            # A signature is for the English wording.
            response["text"], metadata = spanish, {**metadata, "reviewed": None}
        if self._needs_warning(tracker, metadata):
            warning = self._said(WARNING, language, variables, output_channel)
            response["text"] = f"{warning} {response['text']}".strip()
        shown = {key: metadata[key] for key in SHOWN_METADATA if metadata.get(key) is not None}
        shown["sources"] = [
            {key: source[key] for key in ("title", "publisher", "url")}
            for source in shown.get("sources", [])
            if source["seen"]
        ]
        response["metadata"] = {"reply": shown}
        return response

    def _said(self, utter_action: str, language: str | None, variables: dict[str, Any], output_channel: str) -> str:
        """The text of a response, in Spanish to who writes Spanish."""
        spanish = self._in_spanish(utter_action, variables, output_channel) if language == "es" else None
        english = self.generate_from_slots(utter_action, variables, output_channel) or {}
        return spanish or str(english.get("text") or "")

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
