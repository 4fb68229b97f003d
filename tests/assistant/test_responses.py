"""What is said: in short, in Spanish, and not twice the same."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.responses import ClinicResponses, in_short, spanish_name

TOPIC = {
    "topic": "mri",
    "title": "MRI scans",
    "short_title": "MRI",
    "kind": "answer",
    "clinic_can_confirm": ["Ink name", "Ink batch"],
    "reviewed": {"by": "Dr. Example", "on": "2026-01-01"},
    "sources": [
        {"title": "A", "publisher": "Clinic of A", "url": "https://a.example/", "seen": True},
        {"title": "B", "publisher": "Unread B", "url": "https://b.example/", "seen": False},
    ],
}
RESPONSES: dict[str, Any] = {
    "utter_safety/mri": [{"text": "One. Two. Three. Call 911 if it burns.", "metadata": TOPIC}],
    "utter_out_of_scope": [
        {"text": "First.", "metadata": {"kind": "out_of_scope"}},
        {"text": "Second.", "metadata": {"kind": "out_of_scope"}},
    ],
    "utter_es_out_of_scope": [{"text": "En español.", "metadata": {"kind": "out_of_scope"}}],
    "utter_ask_sources": [{"text": "From {topic_publishers}.", "metadata": {"kind": "answer", "about": "last_topic"}}],
    "utter_ask_sources_none": [{"text": "Ask first.", "metadata": {"kind": "smalltalk"}}],
    "utter_ask_more": [{"text": "{clinic_can_confirm}", "metadata": {"kind": "answer", "about": "last_topic"}}],
    "utter_again": [{"text": "Again:", "metadata": {"kind": "notice"}}],
    "utter_same_answer": [{"text": "The same:", "metadata": {"kind": "notice"}}],
}


class Talk:
    """A conversation that is only said, not understood."""

    def __init__(self) -> None:
        self.responses = ClinicResponses(domain=Domain.from_dict({"responses": RESPONSES}))
        self.tracker = DialogueStateTracker.from_events("visitor", [])

    async def says(self, action: str, **parsed: Any) -> dict[str, Any]:
        self.tracker.update(UserUttered("...", {"name": "x"}, parse_data={"intent": {"name": "x"}, **parsed}))
        said = await self.responses.generate(action, self.tracker, "gateway")
        assert said is not None
        metadata = {"utter_action": action, "metadata": said["metadata"]}
        self.tracker.update(BotUttered(said["text"], metadata=metadata))
        return said


def test_in_short_keeps_the_first_sentences_and_the_urgent_ones() -> None:
    """What to do in an emergency is never cut."""
    assert "One. Two. Call 911 if it burns." == in_short("One. Two. Three. Call 911 if it burns.")
    assert "U.S. rules apply. Two." == in_short("U.S. rules apply. Two. Three.")


async def test_two_wordings_take_turns() -> None:
    """Never the same one twice in a row."""
    talk = Talk()
    said = [(await talk.says("utter_out_of_scope"))["text"] for _ in range(3)]
    assert ["First.", "Second.", "First."] == said


async def test_spanish_is_answered_in_spanish() -> None:
    """Where there is a Spanish text."""
    talk = Talk()
    assert "En español." == (await talk.says("utter_out_of_scope", language="es"))["text"]
    assert "utter_es_handoff_booking" == spanish_name("utter_handoff/booking")


async def test_says_who_names_the_sources_of_the_last_topic() -> None:
    """Only those that were read; without a topic it says so."""
    talk = Talk()
    assert "Ask first." == (await talk.says("utter_ask_sources"))["text"]
    await talk.says("utter_safety/mri")
    said = await talk.says("utter_ask_sources")
    assert "From Clinic of A." == said["text"]
    assert ["Clinic of A"] == [source["publisher"] for source in said["metadata"]["reply"]["sources"]]
    assert "Ink name; Ink batch" == (await talk.says("utter_ask_more"))["text"]


async def test_an_answer_given_before_says_so() -> None:
    """Shorter for the same question, whole for one that leans on it."""
    talk = Talk()
    await talk.says("utter_safety/mri")
    assert "Again: One. Two. Call 911 if it burns." == (await talk.says("utter_safety/mri", again="repeated"))["text"]
    said = await talk.says("utter_safety/mri", again="continued")
    assert "The same: One. Two. Three. Call 911 if it burns." == said["text"]
