"""Conversations in one database table, one row each: bounded, deletable, expiring.

Rasa's SQLTrackerStore keeps every event for ever, has no delete, and reads a conversation whole at each turn. Here a
row holds the last turns and, before them, what still matters of the older ones: slots and the active form.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
from pydantic_core import from_json, to_json
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.pool import QueuePool

from assistant.settings import settings

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

#: Turns of a conversation that are kept; rules look back two.
KEPT_TURNS = 12
_DAY_SECONDS = 24 * 3600
_EXPIRY_EVERY_SECONDS = 3600
#: For another's lock.
_PATIENCE_SECONDS = 5
#: Any number that nothing else locks in this database.
_TABLES_LOCK = 0x534D50

_metadata = sa.MetaData()
_conversations = sa.Table(
    "conversations",
    _metadata,
    sa.Column("sender_id", sa.String(128), primary_key=True),
    sa.Column("events", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False, index=True),
)


def _engine(url: str) -> sa.engine.Engine:
    database = sa.engine.make_url(url)
    if database.get_backend_name() == "sqlite" and database.database:
        Path(database.database).parent.mkdir(parents=True, exist_ok=True)
    is_file = database.get_backend_name() == "sqlite" and bool(database.database)
    # SQLAlchemy 1.4 opens a file for every statement. A connection goes from thread to thread, never to two at once.
    options = {"poolclass": QueuePool, "connect_args": {"check_same_thread": False}} if is_file else {}
    engine = sa.create_engine(database, future=True, pool_pre_ping=not is_file, **options)
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            for pragma in (f"busy_timeout={_PATIENCE_SECONDS * 1000}", "synchronous=NORMAL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            _write_ahead(connection)

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Keep a write-ahead log. Of several that begin a new file SQLite tells some that it is locked, without waiting."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _make_tables(engine: sa.engine.Engine) -> None:
    """Make what is missing. Of several processes that start on a new database together, one makes it."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TABLES_LOCK)))
        elif engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        _metadata.create_all(connection)


class _Statement:
    """A statement made once: SQLAlchemy's own way to the same words takes longer than the database."""

    def __init__(self, engine: sa.engine.Engine, clause: Any) -> None:
        compiled = clause.compile(engine)
        self._text, self._order = str(compiled), compiled.positiontup

    def run(self, connection: sa.engine.Connection, **values: Any) -> Any:
        """Execute it with values for its parameters, by name."""
        given = tuple(values[name] for name in self._order) if self._order is not None else values
        return connection.exec_driver_sql(self._text, given)


class ConversationStore(TrackerStore):
    """A TrackerStore for endpoints.yml; `url` there, or `TRACKER_DATABASE_URL`, is a SQLAlchemy URL."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self._engine = _engine(host or settings().tracker_database_url)
        _make_tables(self._engine)
        self._next_expiry = 0.0
        is_it = _conversations.c.sender_id == sa.bindparam("sender")
        values = {"events": sa.bindparam("said"), "updated_at": sa.bindparam("now")}
        self._reading = _Statement(self._engine, sa.select(_conversations.c.events).where(is_it))
        self._changing = _Statement(self._engine, sa.update(_conversations).where(is_it).values(values))

    async def save(self, tracker: DialogueStateTracker) -> None:
        events = to_json([event.as_dict() for event in kept_events(tracker)]).decode()
        await self._do(self._write, tracker.sender_id, events)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        stored = await self._do(self._read, sender_id)
        if stored is None:
            return None
        return DialogueStateTracker.from_events(sender_id, events_of(from_json(stored)), self.domain.slots)

    async def keys(self) -> Iterable[str]:
        def read() -> list[str]:
            with self._engine.connect() as connection:
                return list(connection.execute(sa.select(_conversations.c.sender_id)).scalars())

        return await asyncio.to_thread(read)

    async def delete(self, sender_id: str) -> bool:
        """Forget a conversation; whether there was one."""

        def delete() -> bool:
            with self._engine.begin() as connection:
                statement = sa.delete(_conversations).where(_conversations.c.sender_id == sender_id)
                had_one = bool(connection.execute(statement).rowcount)
            if self._engine.dialect.name == "sqlite":
                # Earlier pages stay in the write-ahead log until it is folded in.
                with self._engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return had_one

        return await asyncio.to_thread(delete)

    async def _do(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a statement: in a thread where it crosses a network; SQLite answers before a thread has begun."""
        if self._engine.dialect.name == "sqlite":
            return work(*args, **kwargs)
        return await asyncio.to_thread(work, *args, **kwargs)

    def _read(self, sender_id: str) -> str | None:
        with self._engine.connect() as connection:
            events: str | None = self._reading.run(connection, sender=sender_id).scalar()
            return events

    def _write(self, sender_id: str, events: str) -> None:
        now = time.time()
        with self._engine.begin() as connection:
            if not self._changing.run(connection, sender=sender_id, said=events, now=now).rowcount:
                values = {"sender_id": sender_id, "events": events, "updated_at": now}
                connection.execute(sa.insert(_conversations).values(values))
            if now >= self._next_expiry:
                self._next_expiry = now + _EXPIRY_EVERY_SECONDS
                connection.execute(
                    sa.delete(_conversations).where(_conversations.c.updated_at < now - expiry_seconds())
                )


@cache
def _kinds_of_event() -> dict[str, type[Event]]:
    return {kind.type_name: kind for kind in reversed(all_subclasses(Event))}


def events_of(stored: list[dict[str, Any]]) -> list[Event]:
    """The events of a conversation as they were. Rasa looks through all of its classes for each."""
    kinds = _kinds_of_event()
    return [event for each in stored if (event := kinds[each["event"]]._from_parameters(each)) is not None]


def expiry_seconds() -> int:
    """A conversation nobody writes in is forgotten after this."""
    return settings().retention_days * _DAY_SECONDS


def without_fallback(agent: Any) -> None:
    """Have an agent use its store alone.

    Rasa wraps a store so that, when it fails, conversations go on in this process's memory: a turn would be told as
    done and then be forgotten. Here it is an error, and web keeps the message and asks again.
    """
    store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
    agent.tracker_store = store
    if agent.processor is not None:
        agent.processor.tracker_store = store


class MemoryStore(InMemoryTrackerStore):
    """Conversations in memory, for `chat`, `predict` and tests."""

    async def delete(self, sender_id: str) -> bool:
        """Forget a conversation; whether there was one."""
        return self.store.pop(sender_id, None) is not None


def kept_events(tracker: DialogueStateTracker) -> list[Event]:
    """The events of the last `KEPT_TURNS` turns, after the slots and the form that older turns left."""
    events = list(tracker.events)
    turns = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(turns) <= KEPT_TURNS:
        return events
    cut = turns[-KEPT_TURNS]
    before = DialogueStateTracker.from_events(tracker.sender_id, events[:cut], list(tracker.slots.values()))
    left: list[Event] = [
        SlotSet(name, value) for name, value in before.current_slot_values().items() if value is not None
    ]
    if before.active_loop_name:
        left.append(ActiveLoop(before.active_loop_name))
    return [*left, ActionExecuted(ACTION_LISTEN_NAME), *events[cut:]]
