"""What staff do to conversations and messages. Each is recorded, and can be taken back by who did it last.

Every function returns what is needed to take it back: plain data, kept in the person's session.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from web.conversations.models import Message, StaffTask
from web.privacy.record import Event, record
from web.review import ranking
from web.review.intents import intents
from web.review.models import Mark, Note, Review, Tag

Undo = list[dict[str, Any]]
#: What one action may be done to at once.
MOST = 500
_LONGEST_TAG = 40


class NotPossible(ValueError):
    """It can't be done; the message says why, to the person."""


@transaction.atomic
def set_state(who: User, conversations: Iterable[uuid.UUID], state: str) -> Undo:
    """Set the state. *Reviewed* takes a conversation out of the queue until more comes, and closes its staff tasks.

    Raises:
        NotPossible: there is no such state.
    """
    if state not in Review.State.values:
        raise NotPossible("There is no such state.")
    undo: Undo = []
    for review in _locked(conversations):
        if review.state == state and state != Review.State.REVIEWED:
            continue
        before = _state_of(review)
        if state == Review.State.REVIEWED:
            tasks = StaffTask.objects.filter(conversation=review.pk).exclude(state=StaffTask.State.DONE)
            before["tasks"] = list(tasks.values_list("pk", flat=True))
            tasks.update(state=StaffTask.State.DONE)
            review.reviewed_upto = ranking.last_message_of(review.pk)
            review.reviewed_at, review.reviewed_by = timezone.now(), who
        review.state = state
        _keep(review, who, f"state {state}")
        undo.append(before)
    return undo


@transaction.atomic
def assign(who: User, conversations: Iterable[uuid.UUID], assignee: User | None) -> Undo:
    """Give conversations to someone, or to no one."""
    undo: Undo = []
    for review in _locked(conversations):
        if review.assignee_id != (assignee.pk if assignee else None):
            undo.append({"what": "assignee", "conversation": str(review.pk), "assignee": review.assignee_id})
            review.assignee = assignee
            _keep(review, who, f"assignee {assignee.get_username() if assignee else 'none'}")
    return undo


@transaction.atomic
def tag(who: User, conversations: Iterable[uuid.UUID], name: str) -> Undo:
    """Put a tag on conversations; a new one is made.

    Raises:
        NotPossible: the tag has no name, or one that is too long.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_TAG:
        raise NotPossible(f"A tag has 1 to {_LONGEST_TAG} characters.")
    known = Tag.objects.filter(name__iexact=name).first() or Tag.objects.create(name=name)
    undo: Undo = []
    for review in _locked(conversations):
        if not review.tags.filter(pk=known.pk).exists():
            review.tags.add(known)
            _keep(review, who, f"tagged {known.pk}")
            undo.append({"what": "untag", "conversation": str(review.pk), "tag": known.pk})
    return undo


@transaction.atomic
def untag(who: User, conversations: Iterable[uuid.UUID], tag_id: int) -> Undo:
    """Take a tag off conversations."""
    undo: Undo = []
    for review in _locked(conversations):
        if review.tags.filter(pk=tag_id).exists():
            review.tags.remove(tag_id)
            _keep(review, who, f"untagged {tag_id}")
            undo.append({"what": "tag", "conversation": str(review.pk), "tag": tag_id})
    return undo


@transaction.atomic
def note(who: User, conversation: uuid.UUID, text: str) -> Undo:
    """Write a note for the others.

    Raises:
        NotPossible: it is empty, or too long.
    """
    text = text.strip()
    if not 0 < len(text) <= 2000:
        raise NotPossible("A note has 1 to 2000 characters.")
    written = Note.objects.create(conversation_id=conversation, by=who, text=text)
    record(who, Event.MARK, f"conversation {conversation}", did="note written")
    return [{"what": "note", "note": written.pk}]


@transaction.atomic
def mark(who: User, messages: Iterable[int], intent: str) -> Undo:
    """Say what messages should have been understood as; each has one mark, the latest.

    Args:
        who: does it.
        messages: their ids.
        intent: as in `data/`; empty for "no topic yet".

    Raises:
        NotPossible: there is no such intent.
    """
    if intent and intent not in intents():
        raise NotPossible("There is no such topic or behaviour.")
    kind = intents()[intent].kind if intent else Mark.Kind.NO_TOPIC
    undo: Undo = []
    for message in Message.objects.filter(pk__in=list(messages)[:MOST]).select_related("mark"):
        undo.append(_mark_of(message))
        Mark.objects.update_or_create(
            message=message, defaults={"kind": kind, "intent": intent, "by": who, "learned_at": None}
        )
        record(who, Event.MARK, f"message {message.pk}", intent=intent or "no topic yet")
        ranking.refresh(message.conversation_id)
    return undo


@transaction.atomic
def unmark(who: User, messages: Iterable[int]) -> Undo:
    """Take marks away."""
    undo: Undo = []
    for message in Message.objects.filter(pk__in=list(messages)[:MOST], mark__isnull=False).select_related("mark"):
        undo.append(_mark_of(message))
        Mark.objects.filter(message=message).delete()
        record(who, Event.MARK, f"message {message.pk}", intent="mark taken away")
        ranking.refresh(message.conversation_id)
    return undo


@transaction.atomic
def take_back(who: User, undo: Undo) -> int:
    """Undo an action; of how many things. What is no longer there is left out."""
    return sum(_UNDOERS[entry["what"]](who, entry) for entry in undo)


def _locked(conversations: Iterable[uuid.UUID]) -> list[Review]:
    """The reviews, locked in one order, so that two people never wait for each other."""
    reviews = Review.objects.select_for_update(of=("self",)).select_related("conversation").order_by("pk")
    return list(reviews.filter(pk__in=list(conversations)[:MOST]))


def _keep(review: Review, who: User, did: str) -> None:
    review.save()
    ranking.refresh(review.pk)
    record(who, Event.MARK, f"conversation {review.pk}", did=did)


def _state_of(review: Review) -> dict[str, Any]:
    return {
        "what": "state",
        "conversation": str(review.pk),
        "state": review.state,
        "upto": review.reviewed_upto,
        "at": review.reviewed_at.isoformat() if review.reviewed_at else None,
        "by": review.reviewed_by_id,
        "tasks": [],
    }


def _mark_of(message: Message) -> dict[str, Any]:
    known = getattr(message, "mark", None)
    return {
        "what": "mark",
        "message": message.pk,
        "kind": known.kind if known else None,
        "intent": known.intent if known else "",
        "by": known.by_id if known else None,
    }


def _undo_state(who: User, entry: dict[str, Any]) -> int:
    for review in _locked([uuid.UUID(entry["conversation"])]):
        review.state, review.reviewed_upto, review.reviewed_by_id = entry["state"], entry["upto"], entry["by"]
        review.reviewed_at = parse_datetime(entry["at"]) if entry["at"] else None
        StaffTask.objects.filter(pk__in=entry["tasks"]).update(state=StaffTask.State.NEW)
        _keep(review, who, f"state {review.state} again")
        return 1
    return 0


def _undo_assignee(who: User, entry: dict[str, Any]) -> int:
    return len(assign(who, [uuid.UUID(entry["conversation"])], User.objects.filter(pk=entry["assignee"]).first()))


def _undo_tag(who: User, entry: dict[str, Any]) -> int:
    known = Tag.objects.filter(pk=entry["tag"]).first()
    return len(tag(who, [uuid.UUID(entry["conversation"])], known.name)) if known else 0


def _undo_untag(who: User, entry: dict[str, Any]) -> int:
    return len(untag(who, [uuid.UUID(entry["conversation"])], entry["tag"]))


def _undo_note(who: User, entry: dict[str, Any]) -> int:
    return Note.objects.filter(pk=entry["note"], by=who).delete()[0]


def _undo_mark(who: User, entry: dict[str, Any]) -> int:
    if entry["kind"] is None:
        return len(unmark(who, [entry["message"]]))
    done = mark(who, [entry["message"]], entry["intent"])
    Mark.objects.filter(message=entry["message"]).update(by=entry["by"])
    return len(done)


_UNDOERS: dict[str, Callable[[User, dict[str, Any]], int]] = {
    "state": _undo_state,
    "assignee": _undo_assignee,
    "tag": _undo_tag,
    "untag": _undo_untag,
    "note": _undo_note,
    "mark": _undo_mark,
}
