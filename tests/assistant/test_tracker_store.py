"""Conversations in one table: bounded, deletable, expiring."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from unittest.mock import Mock, call

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered, deserialise_events
from rasa.shared.core.slots import TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from assistant import tracker_store as module
from assistant.tracker_store import KEPT_TURNS, ConversationStore, _write_ahead, events_of, kept_events
from assistant.turn import take_turn

SLOT = "name_of_a_slot"


@pytest.fixture
def domain() -> Domain:
    return Domain.from_dict({"slots": {SLOT: {"type": "text", "mappings": [{"type": "custom"}]}}})


@pytest.fixture
def store(tmp_path: Path, domain: Domain) -> ConversationStore:
    return ConversationStore(domain, host=f"sqlite:///{tmp_path / 'tracker.sqlite3'}")


def conversation(turns: int, sender: str = "visitor") -> DialogueStateTracker:
    tracker = DialogueStateTracker(sender, [TextSlot(SLOT, mappings=[{"type": "custom"}])])
    tracker.update(ActionExecuted("action_listen"))
    for number in range(turns):
        tracker.update(UserUttered(f"question {number}", {"name": "safety"}, message_id=str(number)))
        tracker.update(BotUttered(f"answer {number}"))
        if number == 0:
            tracker.update(SlotSet(SLOT, "kept"))
        tracker.update(ActionExecuted("action_listen"))
    return tracker


async def test_a_conversation_comes_back_as_it_was(store: ConversationStore) -> None:
    """Events, in order, and slots."""
    tracker = conversation(3)
    await store.save(tracker)
    again = await store.retrieve("visitor")
    assert again is not None
    assert [e.as_dict() for e in tracker.events] == [e.as_dict() for e in again.events]
    assert "kept" == again.get_slot(SLOT)


def make_stores_together(url: str) -> None:
    """As several Rasa servers do on the first start."""
    number = 4
    together = Barrier(number)

    def make(_: int) -> None:
        together.wait()
        ConversationStore(host=url)

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(make, range(number)))


def test_stores_may_start_together(tmp_path: Path) -> None:
    """On a new database one of them makes the table and none fails."""
    for attempt in range(5):
        make_stores_together(f"sqlite:///{tmp_path / str(attempt)}.sqlite3")


def refusal(code: int) -> sqlite3.OperationalError:
    """SQLite's error of this kind."""
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = code
    return error


def test_a_new_file_that_another_is_making_is_waited_for() -> None:
    """SQLite says at once that it is locked, whatever its time-out."""
    connection = Mock(spec=sqlite3.Connection)
    connection.execute.side_effect = [refusal(sqlite3.SQLITE_BUSY)] * 2 + [None]
    _write_ahead(connection)
    assert [call("PRAGMA journal_mode=WAL")] * 3 == connection.execute.call_args_list


def test_a_file_that_can_not_be_written_is_told_at_once() -> None:
    """Waiting would not help."""
    connection = Mock(spec=sqlite3.Connection)
    connection.execute.side_effect = refusal(sqlite3.SQLITE_READONLY)
    with pytest.raises(sqlite3.OperationalError):
        _write_ahead(connection)
    assert 1 == connection.execute.call_count


@pytest.mark.service
def test_stores_may_start_together_on_postgresql(new_database: str) -> None:
    """CREATE TABLE IF NOT EXISTS is no protection there."""
    make_stores_together(new_database.replace("postgres://", "postgresql://"))


async def test_events_are_read_as_rasa_reads_them(agent: Any) -> None:
    """Every event of a real conversation, the form's and the session's too."""
    for number, text in enumerate(("hello", "I want to speak to a person", "yes", "Maria Lopez", "does it hurt?")):
        await take_turn(agent, "as-rasa-reads", str(number), text=text)
    tracker = await agent.tracker_store.retrieve("as-rasa-reads")
    stored = [event.as_dict() for event in tracker.events]
    assert len({each["event"] for each in stored}) >= 6
    assert [event.as_dict() for event in events_of(stored)] == [e.as_dict() for e in deserialise_events(stored)]


async def test_a_long_conversation_keeps_its_last_turns_and_its_slots(store: ConversationStore) -> None:
    """The row does not grow with the conversation, and what was set long ago still holds."""
    await store.save(conversation(500))
    again = await store.retrieve("visitor")
    assert again is not None
    said = [event.text for event in again.events if isinstance(event, UserUttered)]
    assert [f"question {number}" for number in range(500 - KEPT_TURNS, 500)] == said
    assert "kept" == again.get_slot(SLOT)


def test_keeping_is_stable() -> None:
    """What was kept is kept again unchanged, turn after turn."""
    once = DialogueStateTracker.from_events(
        "visitor", kept_events(conversation(40)), [TextSlot(SLOT, mappings=[{"type": "custom"}])]
    )
    assert [e.as_dict() for e in once.events] == [e.as_dict() for e in kept_events(once)]


async def test_a_deleted_conversation_is_gone(store: ConversationStore) -> None:
    """And only that one."""
    await store.save(conversation(1, "one"))
    await store.save(conversation(1, "other"))
    assert await store.delete("one")
    assert not await store.delete("one")
    assert None is await store.retrieve("one")
    assert ["other"] == list(await store.keys())


async def test_an_old_conversation_expires(store: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation nobody writes in is forgotten at a later save."""
    await store.save(conversation(1, "old"))
    later = module.time.time() + module.expiry_seconds() + 10
    monkeypatch.setattr(module.time, "time", lambda: later)
    await store.save(conversation(1, "new"))
    assert ["new"] == list(await store.keys())


def _files_with(words: bytes, folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if words in file.read_bytes()]


async def test_what_was_deleted_is_not_in_the_files(store: ConversationStore, tmp_path: Path) -> None:
    """Not as a row, and not as the left-over page of one: in the database, its write-ahead log or beside it."""
    said = DialogueStateTracker("one", [])
    said.update(UserUttered("xylophone rash of Zebulon"))
    for _ in range(3):
        await store.save(said)
    await store.save(conversation(30, "other"))
    assert _files_with(b"xylophone", tmp_path)
    await store.delete("one")
    assert _files_with(b"xylophone", tmp_path) == []


async def test_how_long_is_a_setting(store: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same RETENTION_DAYS that web enforces."""
    monkeypatch.setattr(module.settings(), "retention_days", 2)
    assert module.expiry_seconds() == 2 * 24 * 3600
