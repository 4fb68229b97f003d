"""A database with as many messages as are wanted, made up of the examples in `data/`; written in bulk."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection, models, transaction

from shared.content import load_examples, topics
from web.channels.models import Delivery
from web.console.access import Role
from web.contact.models import ContactRequest
from web.conversations.models import Channel, Conversation, Feedback, Message, Reply
from web.privacy.masking import masked
from web.review import ranking, search_index
from web.review.models import Facet, Review, Risk, SearchText, Tag

NAME, PASSWORD = "bench", "a password of the bench"
_TEMPLATES = 6000
_AT_ONCE = 5000
_DAYS = 730
_CHANNELS = ("website", "website", "website", "whatsapp", "messenger")
_STATES = ("reviewed",) * 12 + ("new",) * 6 + ("in_review", "needs_engineer")
#: A conversation's last message is the newest one made; so many milliseconds are between two conversations.
_END = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Template:
    """A message with its reply, as it goes into a row."""

    text: str
    masked: str
    kind: str
    topics: str
    confidence: float
    understood: str
    body: str
    risk: Risk
    facets: tuple[str, ...]


@dataclass
class _Rows:
    conversations: list[Any] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    replies: list[Any] = field(default_factory=list)
    reviews: list[Any] = field(default_factory=list)
    facets: list[Any] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)
    deliveries: list[Any] = field(default_factory=list)
    feedback: list[Any] = field(default_factory=list)


def fill(messages: int) -> int:
    """Fill an empty database; how many conversations there are. Makes the account that looks at them."""
    chance = random.Random(7)  # noqa: S311 (made-up conversations)
    user = User.objects.create_user(NAME, password=PASSWORD)
    user.groups.set(Group.objects.filter(name=Role.MANAGER.value))
    tags = [Tag.objects.create(name=f"tag {number}").pk for number in range(20)]
    templates = _templates(chance)
    indexes = _drop_indexes()
    count = 0
    for batch in _batches(templates, chance, messages, user.pk, tags):
        count += len(batch.conversations)
        with transaction.atomic():
            _write(Conversation, _CONVERSATION, batch.conversations)
            _write(Message, _MESSAGE, batch.messages)
            _write(Reply, _REPLY, batch.replies)
            _write(Review, _REVIEW, batch.reviews)
            _write(Facet, _FACET, batch.facets)
            _write(SearchText, _TEXT, batch.texts)
            _write(Delivery, _DELIVERY, batch.deliveries)
            _write(Feedback, _FEEDBACK, batch.feedback)
    _requests(chance, messages // 100)
    if connection.vendor == "postgresql":
        search_index.make(connection)
        with connection.cursor() as cursor:
            for statement in indexes:
                cursor.execute(statement)
            for model in (Message, Facet):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), "  # noqa: S608 (our own)
                    f"(SELECT max(id) FROM {model._meta.db_table}))"
                )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return count


def _drop_indexes() -> list[str]:
    """On PostgreSQL, drop the indexes of what is filled; the statements that make them again, all at once after it."""
    if connection.vendor != "postgresql":
        return []
    search_index.drop(connection)
    filled = (Conversation, Message, Reply, Review, Facet, SearchText, Delivery, Feedback)
    tables = [model._meta.db_table for model in filled]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef NOT LIKE '%% UNIQUE %%'",
            [tables],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET synchronous_commit = off")
    return [statement for _, statement in found]


_CONVERSATION = (
    "id", "channel", "language", "page", "started_at", "last_message_at", "lease_owner", "paused_by",
)  # fmt: skip
_MESSAGE = (
    "id", "conversation_id", "channel", "external_id", "text", "choice", "attachment", "received_at", "state",
    "handled_at", "attempts", "resume_until", "kind", "topics", "confidence", "understood",
)  # fmt: skip
_REPLY = ("id", "message_id", "position", "kind", "topic", "body")
_REVIEW = (
    "conversation_id", "state", "assignee_id", "risk", "place", "last_at", "messages", "counted_upto", "lowest",
    "preview", "reviewed_upto", "reviewed_at", "changed_at",
)  # fmt: skip
_FACET = ("id", "review_id", "name", "place", "last")
_TEXT = ("message_id", "conversation_id", "text")
_DELIVERY = (
    "key", "conversation_id", "message_id", "reply_id", "author", "content", "is_urgent", "state", "attempts",
    "next_attempt_at", "created_at", "sent_at", "provider_hashes", "provider_hash", "problem",
)  # fmt: skip
_FEEDBACK = ("reply_id", "helpful", "comment", "given_at")
_JUDGED = 0.04


def _templates(chance: random.Random) -> list[_Template]:
    by_label = {topic.label: topic for topic in topics().values()}
    examples = [(label, text) for label, texts in load_examples().items() for text in texts]
    made = []
    for label, text in chance.sample(examples, min(_TEMPLATES, len(examples))):
        topic = by_label.get(label)
        base = label.split("/")[0]
        kind = {"safety": "answer", "emergency": "emergency"}.get(base, base)
        kind = kind if kind in ("answer", "emergency", "handoff", "out_of_scope", "refuse") else "smalltalk"
        # Emergencies are seldom; what is not understood is not.
        if kind == "emergency" and chance.random() < 0.9:
            continue
        confidence = round(min(0.999, 0.55 + 0.5 * chance.random() ** 0.5), 4)
        intent = label
        if kind == "answer" and chance.random() < 0.12:
            kind, intent, confidence = "clarify", "nlu_fallback", round(0.2 + 0.4 * chance.random(), 4)
        others = chance.sample(sorted(by_label), 9)
        rest = 1 - confidence
        likely = [{"label": name, "confidence": round(rest / 2**place, 4)} for place, name in enumerate(others, 1)]
        understood = {
            "intent": intent, "topics": [topic.id] if topic else [], "confidence": confidence,
            "ranking": [{"label": label, "confidence": confidence}, *likely], "rules": [], "actions": ["utter_safety"],
            "model": "ee1f5eafc3cb42a59e028039acac5cfe",
        }  # fmt: skip
        said = topic.wording.text if topic and kind in ("answer", "emergency") else "Please say a little more."
        body = {"text": said, "kind": kind, "sources": topic.shown_sources if topic else [], "choices": []}
        found = [topic.id] if topic and kind in ("answer", "emergency") else []
        message = Message(
            text=text, kind=kind, topics=found, confidence=confidence, understood=understood,
            state=Message.State.HANDLED,
        )  # fmt: skip
        made.append(
            _Template(
                text, masked(text), kind, json.dumps(found), confidence, json.dumps(understood), json.dumps(body),
                ranking.risk_of(message), tuple(ranking.facets_of(message)),
            )
        )  # fmt: skip
    return made


def _batches(
    templates: list[_Template], chance: random.Random, messages: int, user: int, tags: list[int]
) -> Iterator[_Rows]:
    rows, number, facet = _Rows(), 0, 0
    step = timedelta(days=_DAYS) / messages
    while number < messages:
        length = min(messages - number, int(chance.expovariate(1 / 4.5)) + 1)
        conversation = _id(chance)
        said = [chance.choice(templates) for _ in range(length)]
        channel = chance.choice(_CHANNELS)
        first = _END - step * (messages - number)
        judged: set[bool] = set()
        for position, template in enumerate(said):
            number += 1
            at = _END - step * (messages - number)
            rows.messages.append((
                number, conversation, channel, f"{conversation}:{position}", template.text, "", "", at, "handled", at,
                0, at, template.kind, template.topics, template.confidence, template.understood,
            ))  # fmt: skip
            topic = json.loads(template.topics)
            reply = _id(chance)
            rows.replies.append((reply, number, 0, template.kind, topic[0] if topic else "", template.body))
            if channel != Channel.WEBSITE:
                rows.deliveries.append((
                    _id(chance), conversation, number, reply, "assistant", '{"text": "..."}', False, "read", 1, at, at,
                    at, "[]", _id(chance), "",
                ))  # fmt: skip
            if chance.random() < _JUDGED:
                judged.add(is_helpful := chance.random() < 0.8)
                rows.feedback.append((reply, is_helpful, "", at))
            rows.texts.append((number, conversation, template.masked))
        rows.conversations.append((conversation, channel, "en", "/", first, at, "", ""))
        facet = _review(rows, chance, said, judged, conversation, channel, at, number, facet, user, tags)
        if len(rows.messages) >= _AT_ONCE:
            yield rows
            rows = _Rows()
    if rows.messages:
        yield rows


def _review(
    rows: _Rows, chance: random.Random, said: list[_Template], judged: set[bool], conversation: str, channel: str,
    at: datetime, last_message: int, facet: int, user: int, tags: list[int],
) -> int:  # fmt: skip
    """The review of one conversation with its facets, as the ranking would have made them."""
    risk = Risk(0)
    for template in said:
        risk |= template.risk
    if False in judged:
        risk |= Risk.THUMBS_DOWN
    state = chance.choice(_STATES)
    is_reviewed = state == Review.State.REVIEWED
    tagged = [chance.choice(tags)] if chance.random() < 0.05 else []
    lowest = min(template.confidence for template in said)
    known = Review(
        conversation=Conversation(id=uuid.UUID(conversation), channel=channel), state=state, messages=len(said),
        risk=0 if is_reviewed else risk, lowest=lowest, assignee_id=user if chance.random() < 0.1 else None,
    )  # fmt: skip
    last = round(at.timestamp() * 1000)
    place = ranking.place_of(known.risk, last)
    names = ranking.own_facets(known).union((f"tag:{pk}" for pk in tagged), *(template.facets for template in said))
    names |= {"feedback:good" if is_helpful else "feedback:bad" for is_helpful in judged}
    for name in names:
        facet += 1
        rows.facets.append((facet, conversation, name, place, last))
    rows.reviews.append((
        conversation, state, known.assignee_id, int(known.risk), place, at, len(said), last_message, lowest,
        said[-1].masked[:200], last_message if is_reviewed else 0, at if is_reviewed else None, at,
    ))  # fmt: skip
    return facet


def _requests(chance: random.Random, count: int) -> None:
    """Requests, one for a hundred messages; nearly all of them done."""
    made = [
        ContactRequest(
            name="Jordan Marker", phone="(310) 555-0100", reason=chance.choice(["booking", "prices", "human"]),
            state="done" if chance.random() < 0.99 else "new", outcome="reached", due_at=_END,
        )
        for _ in range(count)
    ]  # fmt: skip
    ContactRequest.objects.bulk_create(made, batch_size=_AT_ONCE)


def _id(chance: random.Random) -> str:
    return uuid.UUID(int=chance.getrandbits(128), version=4).hex


def _write(model: type[models.Model], columns: tuple[str, ...], rows: list[Any]) -> None:
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 (names of our own)
        cursor.executemany(statement, rows)
