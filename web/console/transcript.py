"""A conversation as the visitor saw it, with what was understood; personal data masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from shared.clinic import clinic
from web.channels.models import Delivery
from web.conversations.models import Conversation, Message, Reply
from web.privacy.masking import masked
from web.review.intents import title_of
from web.review.models import Mark

#: Candidates of the model that are offered as one-tap marks.
OFFERED = 3
#: Messages on one page; the rest are a tap away.
MOST = 200
#: In this order one state of several parts stands for all of a reply.
_WORST_FIRST = ("failed", "withheld", "waiting", "sending", "sent", "delivered", "read")


@dataclass(frozen=True)
class Candidate:
    """One intent that the model thought of."""

    intent: str
    title: str
    percent: int


@dataclass(frozen=True)
class Said:
    """One reply, as it was shown."""

    reply: Reply
    text: str
    kind: str
    sources: list[dict[str, str]]
    choices: list[str]
    delivery: str
    helpful: bool | None
    comment: str


@dataclass
class Turn:
    """A visitor's message with the replies to it; or, without a message, what a person of the staff wrote."""

    at: datetime
    message: Message | None = None
    text: str = ""
    note: str = ""
    replies: list[Said] = field(default_factory=list)
    understood: str = ""
    percent: int | None = None
    runners_up: list[Candidate] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    model: str = ""
    mark: Mark | None = None
    mark_title: str = ""
    delivery: str = ""


def turns_of(conversation: Conversation, before: int | None = None) -> tuple[list[Turn], int | None]:
    """The latest turns, oldest first, with what staff wrote between them; and where earlier ones end, if there are any.

    Args:
        conversation: whose.
        before: only messages before this one.
    """
    messages = Message.objects.filter(conversation=conversation)
    if before is not None:
        messages = messages.filter(pk__lt=before)
    latest = list(messages.order_by("-pk").select_related("mark__by").prefetch_related("replies__feedback")[: MOST + 1])
    earlier = latest[MOST - 1].pk if len(latest) > MOST else None
    shown = latest[:MOST][::-1]
    states = _states(conversation)
    titles = _titles(shown)
    turns = [_turn(message, titles, states) for message in shown]
    since = shown[0].received_at if shown and earlier is not None else None
    until = Message.objects.filter(pk=before).values_list("received_at", flat=True).first() if before else None
    turns += _by_staff(conversation, since, until)
    return sorted(turns, key=lambda turn: turn.at), earlier


def candidates_of(message: Message) -> list[Candidate]:
    """What the model thought of, the likeliest first."""
    ranking = (message.understood or {}).get("ranking") or []
    return [
        Candidate(str(one["label"]), title_of(str(one["label"])), round(float(one["confidence"]) * 100))
        for one in ranking
        if isinstance(one, dict) and "label" in one and "confidence" in one
    ]


def suggestions_for(message: Message) -> list[Candidate]:
    """Other intents to mark it as with one tap: what the model thought of beside what it took."""
    taken = (message.understood or {}).get("intent")
    return [one for one in candidates_of(message) if one.intent != taken][:OFFERED]


def _turn(message: Message, titles: dict[str, str], states: dict[object, str]) -> Turn:
    understood = message.understood or {}
    intent = understood.get("intent")
    mark = getattr(message, "mark", None)
    is_judged = bool(intent) and message.confidence is not None
    return Turn(
        at=message.received_at,
        message=message,
        text=_words(message, titles),
        note=_note(message),
        replies=[_said(reply, states) for reply in message.replies.all()],
        understood=title_of(str(intent)) if intent and intent != "nlu_fallback" else "",
        percent=round((message.confidence or 0) * 100) if is_judged else None,
        runners_up=suggestions_for(message),
        rules=[str(rule) for rule in understood.get("rules") or []],
        actions=[str(action) for action in understood.get("actions") or []],
        model=str(understood.get("model") or ""),
        mark=mark,
        mark_title=title_of(mark.intent) if mark and mark.intent else "no topic yet",
    )


def _words(message: Message, titles: dict[str, str]) -> str:
    if message.text:
        return masked(message.text)
    return titles.get(message.choice, message.choice)


def _note(message: Message) -> str:
    """What is to be said of a message beside its words."""
    if message.choice and not message.text:
        return "tapped a choice"
    notes = {"deleted": "deleted by the visitor", "edited": "changed by the visitor"}
    if message.attachment:
        return notes.get(message.attachment, f"sent: {message.attachment}")
    return "" if message.text else "no words"


def _titles(messages: Iterable[Message]) -> dict[str, str]:
    """What was written on the choices that were offered."""
    return {
        str(choice.get("id")): str(choice.get("title"))
        for message in messages
        for reply in message.replies.all()
        for choice in reply.body.get("choices") or []
    }


def _said(reply: Reply, states: dict[object, str]) -> Said:
    body: dict[str, Any] = reply.body
    feedback = getattr(reply, "feedback", None)
    return Said(
        reply=reply,
        text=without_personal_data(str(body.get("text", ""))),
        kind=reply.kind,
        sources=[source for source in body.get("sources") or [] if str(source.get("url", "")).startswith("http")],
        choices=[str(choice.get("title", "")) for choice in body.get("choices") or []],
        delivery=states.get(reply.pk, ""),
        helpful=feedback.helpful if feedback else None,
        comment=masked(feedback.comment) if feedback else "",
    )


@lru_cache(maxsize=512)
def without_personal_data(reply: str) -> str:
    """What the assistant said, masked; the clinic's own number is nobody's secret."""
    phone = clinic().phone_text
    return phone.join(masked(part) for part in reply.split(phone)) if phone else masked(reply)


def _states(conversation: Conversation) -> dict[object, str]:
    """How far each reply got on Messenger and WhatsApp: the worst of its parts."""
    parts: dict[object, set[str]] = defaultdict(set)
    deliveries = Delivery.objects.filter(conversation=conversation, reply__isnull=False)
    for reply, state in deliveries.values_list("reply_id", "state"):
        parts[reply].add(state)
    labels = dict(Delivery.State.choices)
    return {
        reply: str(labels[next(state for state in _WORST_FIRST if state in states)]) for reply, states in parts.items()
    }


def _by_staff(conversation: Conversation, since: datetime | None, until: datetime | None) -> list[Turn]:
    written = Delivery.objects.filter(conversation=conversation, author=Delivery.Author.STAFF)
    if since is not None:
        written = written.filter(created_at__gte=since)
    if until is not None:
        written = written.filter(created_at__lt=until)
    return [
        Turn(
            at=part.created_at,
            text=masked(str(part.content.get("text", ""))),
            delivery=f"{part.get_state_display()}{f': {part.problem}' if part.problem else ''}",
        )
        for part in written
    ]
