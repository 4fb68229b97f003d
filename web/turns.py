"""One turn, from any door: inbox, lease, one repeatable call, one commit.

A message is committed before anything is done with it. Whoever holds the conversation's lease takes its messages in
order; no transaction is open while Rasa works; replies, what was understood, the handoff, a call-back request and the
clinic's notifications are committed together. Once begun, a turn is finished, whether or not the visitor still waits.

A message that failed is tried again, before any later one of its conversation, until it would be too late for an
answer; then it is a task for the clinic's staff.

While a person answers (`conversations/pause.py`) a message is read for emergencies and otherwise left to the person.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import random
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from shared import trace
from shared.reply import Reply as ReplyFormat
from shared.reply import StoredRequest, Turn, Understood
from web import metrics, rasa
from web.channels import received
from web.channels.kinds import DELETED
from web.channels.outbox import withdraw_unsent
from web.config import config
from web.contact.queue import stored_request
from web.conversations.models import Channel, Conversation, Message, Reply, StaffTask
from web.conversations.pause import asked_in_pause, emergencies, is_paused
from web.notices import (
    outage_goes_on_notice,
    outage_notice,
    person_answers_notice,
    person_still_answers_notice,
    unknown_choice_notice,
)
from web.notifications.models import Notification
from web.notifications.outbox import notify
from web.privacy import asking
from web.records import conversation_path, store_replies
from web.review import ranking
from web.steps import in_database, to_the_end
from web.waiting import ATTEMPTS_IN_ORDER, too_late

logger = logging.getLogger(__name__)

#: A lease is so much longer than Rasa may take for one message: it runs out only when its holder is gone.
LEASE_BEYOND_RASA = timedelta(seconds=10)
#: A message that failed is tried again after this, and then after twice as long each time, up to the longest.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=2)
#: A visitor is told that something is down after this long, even when others hold the conversation.
PATIENCE = timedelta(seconds=30)


class Busy(Exception):
    """Another message of the conversation is being handled, and for too long."""


def receive(
    conversation: Conversation, external_id: str, *, text: str = "", choice: str = "", attachment: str = ""
) -> tuple[Message, bool]:
    """Commit a message to the inbox; the message, and whether it is new.

    The same external id on the same channel is the same message, whatever else it says.

    Raises:
        Conversation.DoesNotExist: it was erased a moment ago.
    """
    key = _key(conversation, external_id)
    said = {"text": text, "choice": choice, "attachment": attachment}
    try:
        with transaction.atomic():
            # First, so that ids of a conversation are in the order of commits: no later one begins before an earlier.
            Conversation.objects.filter(pk=conversation.pk).update(last_message_at=timezone.now())
            message = Message.objects.create(conversation=conversation, **said, **key)
        return message, True
    except IntegrityError:
        return _known(key), False


def receive_and_begin(conversation: Conversation, external_id: str, *, text: str = "", choice: str = "") -> Begun:
    """The same for a visitor who waits; where nobody is at the conversation, its turn begins in the same commit.

    Only for `answer_new`: whoever begins a turn has to end it.

    Raises:
        Conversation.DoesNotExist: it was erased a moment ago.
    """
    key = _key(conversation, external_id)
    try:
        with transaction.atomic():
            now = timezone.now()
            owner = uuid.uuid4().hex
            # First, as in `receive`.
            is_held = _claim(conversation.pk, owner, last_message_at=now)
            if not is_held:
                Conversation.objects.filter(pk=conversation.pk).update(last_message_at=now)
            message = Message.objects.create(conversation=conversation, text=text, choice=choice, **key)
            held = _Held(conversation.pk, owner, now + PATIENCE, message, is_new=True, is_held=is_held)
            work = _next_work(held) if held.is_held else None
        return Begun(message, held, work)
    except IntegrityError:
        return Begun(_known(key))


def _key(conversation: Conversation, external_id: str) -> dict[str, str]:
    """What a message is known by."""
    # A browser makes up its own ids; those of a provider are unique on its channel.
    scope = f"{conversation.id.hex}:" if conversation.channel == Channel.WEBSITE else ""
    return {"channel": conversation.channel, "external_id": f"{scope}{external_id}"}


def _known(key: dict[str, str]) -> Message:
    known = Message.objects.filter(**key).first()
    if known is None:
        raise Conversation.DoesNotExist from None
    return known


async def answer_new(take_in: Callable[[], Begun]) -> tuple[Message, list[Reply]]:
    """Take a message in and answer it; the message and its replies, as of `answer`.

    Args:
        take_in: commits the message, by `receive_and_begin`. What it raises is raised here.

    Raises:
        Conversation.DoesNotExist: it was erased meanwhile.
    """
    return await to_the_end(_answer_new, take_in)


async def answer(message: Message) -> list[Reply]:
    """The replies to a message, in order, once it and all before it in its conversation are handled.

    Always gives at least one reply: when a part is down, the clinic's phone, its form and the emergency line.

    Raises:
        Conversation.DoesNotExist: it was erased meanwhile.
    """
    return await to_the_end(_answer, message)


async def resume(conversation: uuid.UUID) -> None:
    """Handle what waits in a conversation, unless someone else is at it."""
    await to_the_end(_resume, conversation)


async def give_up(message: Message) -> bool:
    """Make a task for staff of a message that was not answered in time; False when someone is handling it."""
    return await to_the_end(_give_up, message)


@contextlib.asynccontextmanager
async def held(conversation: uuid.UUID) -> AsyncIterator[None]:
    """Hold a conversation's lease, so that none of its messages is at work meanwhile.

    Raises:
        Busy: another holds it for too long.
        Conversation.DoesNotExist: it is gone.
    """
    owner = uuid.uuid4().hex
    deadline = timezone.now() + PATIENCE
    while not await in_database(_claim, conversation, owner):
        if not await in_database(Conversation.objects.filter(pk=conversation).exists):
            raise Conversation.DoesNotExist
        if timezone.now() >= deadline:
            raise Busy
        await _a_moment()
    try:
        yield
    finally:
        await in_database(_release, conversation, owner)


@dataclass(frozen=True)
class _Work:
    """A message to handle, with what its turn needs of the database."""

    message: Message
    taken: received.Taken
    stored: StoredRequest | None
    #: What is said to a visitor who wants to be forgotten.
    of_erasure: ReplyFormat | None = None


@dataclass
class _Held:
    """A conversation that is ours for now. A step that finds nothing more to do in it gives it back by itself."""

    conversation: uuid.UUID
    owner: str
    deadline: datetime
    #: The message asked for, as it was taken in; None for all that wait.
    asked: Message | None = None
    #: Whether it was committed with the lease, so that nothing can have come of it before.
    is_new: bool = False
    tried: set[int] = field(default_factory=set)
    is_held: bool = True
    #: What the message asked for was told, once it is stored.
    replies: list[Reply] = field(default_factory=list)

    @property
    def up_to(self) -> int | None:
        """The id of the message asked for."""
        return self.asked.pk if self.asked else None


@dataclass(frozen=True)
class Begun:
    """A message in the inbox; if it is new, the conversation, if it could be had, and what there is to do in it."""

    message: Message
    held: _Held | None = None
    work: _Work | None = None

    @property
    def is_new(self) -> bool:
        """Whether the message was not there before."""
        return self.held is not None


async def _answer_new(take_in: Callable[[], Begun]) -> tuple[Message, list[Reply]]:
    begun = await in_database(take_in)
    replies: list[Reply] = []
    if begun.held is not None and begun.held.is_held:
        _name_in_logs(begun.held.conversation)
        await _go_through(begun.held, begun.work)
        replies = await _told(begun.held, begun.message)
    return begun.message, replies or await _answer(begun.message)


async def _answer(message: Message) -> list[Reply]:
    deadline = timezone.now() + PATIENCE
    while True:
        held = _Held(message.conversation_id, uuid.uuid4().hex, deadline, message)
        await _work_through(held)
        replies = await _told(held, message)
        if replies:
            return replies
        if timezone.now() >= deadline:
            logger.error("Message %s: no one handled it in time", message.pk)
            return [Reply(message=message, position=0, kind="notice", body=outage_notice().model_dump(mode="json"))]
        await _a_moment()


async def _told(held: _Held, message: Message) -> list[Reply]:
    return held.replies or await in_database(_replies_of, message)


async def _resume(conversation: uuid.UUID) -> None:
    await _work_through(_Held(conversation, uuid.uuid4().hex, timezone.now() + PATIENCE))


async def _give_up(message: Message) -> bool:
    owner = uuid.uuid4().hex
    if not await in_database(_claim, message.conversation_id, owner):
        return False
    try:
        return await in_database(_hand_to_staff, message, owner)
    finally:
        await in_database(_release, message.conversation_id, owner)


def _name_in_logs(conversation: uuid.UUID) -> None:
    """Have what is logged from here on, in all processes, name the conversation; the worker's work begins here."""
    if not trace.request_id.get():
        trace.begin()
    trace.conversation_id.set(trace.opaque(conversation.hex, config().gateway_secret.get_secret_value()))


async def _a_moment() -> None:
    await asyncio.sleep(random.uniform(0.02, 0.08))  # noqa: S311 (spreads the retries, no secret)


def lease() -> timedelta:
    """How long a lease lasts."""
    return timedelta(seconds=config().rasa_timeout_seconds) + LEASE_BEYOND_RASA


def _claim(conversation: uuid.UUID, owner: str, **also: datetime) -> bool:
    """Take the conversation's lease, if it is free; `also` says what else is then set."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    taken = {"lease_owner": owner, "lease_until": now + lease(), **also}
    return Conversation.objects.filter(free, pk=conversation).update(**taken) == 1


def _release(conversation: uuid.UUID, owner: str) -> None:
    Conversation.objects.filter(pk=conversation, lease_owner=owner).update(lease_owner="", lease_until=None)


def _replies_of(message: Message) -> list[Reply]:
    replies = list(Reply.objects.filter(message=message).order_by("position"))
    if not replies and not Message.objects.filter(pk=message.pk).exists():
        raise Conversation.DoesNotExist
    return replies


async def _work_through(held: _Held) -> None:
    """Take a conversation, unless someone else has it, and handle what waits there."""
    _name_in_logs(held.conversation)
    await _go_through(held, await in_database(_begin, held))


async def _go_through(held: _Held, work: _Work | None) -> None:
    """Handle what waits in a conversation that is held, and give it back."""
    try:
        await _handle_waiting(held, work)
    finally:
        if held.is_held:
            await in_database(_release, held.conversation, held.owner)


def _begin(held: _Held) -> _Work | None:
    """Take the conversation and its first waiting message, at once; None when there is nothing to do."""
    with transaction.atomic():
        held.is_held = _claim(held.conversation, held.owner)
        return _next_work(held) if held.is_held else None


def _next_work(held: _Held) -> _Work | None:
    """The next message and what its turn needs; without one the conversation is given back.

    Messages are taken in order: after the one asked for none is left.
    """
    goes_on = _has_time(held) and held.up_to not in held.tried
    message = _only_waiting(held) if goes_on and not held.tried else None
    if message is None and goes_on:
        message = _next_waiting(held.conversation, held.owner, held.up_to, held.tried)
    if message is None:
        _release(held.conversation, held.owner)
        held.is_held = False
        return None
    held.tried.add(message.pk)
    taken = received.read(message)
    of_erasure = asking.answer(message, taken.text, taken.choice)
    return _Work(message, taken, stored_request(message.conversation_id), of_erasure)


def _has_time(held: _Held) -> bool:
    return timezone.now() < held.deadline


async def _handle_waiting(held: _Held, work: _Work | None) -> None:
    """Handle a conversation's waiting messages in order, up to and with the one asked for, until the deadline."""
    outage: rasa.RasaUnavailable | None = None
    while work is not None:
        waiting = work.message
        try:
            if outage is not None:
                raise outage
            turn = await _ask_rasa(work)
        except rasa.RasaUnavailable as error:
            logger.error("Message %s: Rasa is unavailable (%s)", waiting.pk, error.reason)
            metrics.RASA_FAILURES.labels(error.reason).inc()
            outage = error if error.is_of_every_message else None
            counts = not (_is_strict(waiting) and error.is_away)
            stops = outage is None and _is_strict(waiting) and waiting.attempts + 1 < ATTEMPTS_IN_ORDER
            work = await in_database(_fail_then_next, held, waiting, counts=counts, stops=stops)
        else:
            work = await in_database(_commit_then_next, held, waiting, turn)


def _commit_then_next(held: _Held, message: Message, turn: Turn) -> _Work | None:
    """Store what came of a message and take the next one, at once."""
    try:
        with transaction.atomic():
            is_new = held.is_new and message.pk == held.up_to
            # Nothing is handled after a message that was asked for.
            held.is_held = not (is_new and _gave_back(message, held.owner))
            stored = _commit(message, turn, held.owner if held.is_held else None, is_new=is_new)
            work = _next_work(held) if stored is not None and held.is_held else None
        if message.pk == held.up_to:
            held.replies = stored or []
        return work
    except (DataError, IntegrityError) as error:
        # Left waiting, it would stand before every later message of this visitor.
        logger.error("Message %s: its replies can't be stored (%s)", message.pk, type(error).__name__)
        held.is_held = True
        return _fail_then_next(held, message)
    except BaseException:
        held.is_held = True
        raise


def _fail_then_next(held: _Held, message: Message, *, counts: bool = True, stops: bool = False) -> _Work | None:
    """Keep a message that could not be handled and take the next one, unless that has to wait for it."""
    with transaction.atomic():
        is_ours = _commit_failure(message, held.owner, counts=counts)
        return _next_work(held) if is_ours and not stops else None


def _only_waiting(held: _Held) -> Message | None:
    """The message asked for, where it was just taken in and none before it waits or failed: nearly always.

    A short question with the same answer as `_next_waiting`.
    """
    asked = held.asked
    if asked is None or asked.state != Message.State.RECEIVED or asked.attempts:
        return None
    open_ones = Message.objects.filter(
        conversation=held.conversation, state__in=(Message.State.RECEIVED, Message.State.FAILED), pk__lte=asked.pk
    )
    found = list(open_ones.order_by().values_list("pk", "state")[:2])
    return asked if found == [(asked.pk, Message.State.RECEIVED)] else None


def _next_waiting(conversation: uuid.UUID, owner: str, up_to: int | None, tried: set[int]) -> Message | None:
    """The oldest waiting message; the lease is made longer for every one but the first, which begins with a new one.

    For a visitor who waits, messages that failed come before later ones, due or not: their answers belong before it.
    On Messenger and WhatsApp the order is the whole of what a visitor sees, so there later ones wait for them.
    """
    now = timezone.now()
    is_due = Q(next_attempt_at__lte=now)
    in_order = Q(next_attempt_at__isnull=False, attempts__lt=ATTEMPTS_IN_ORDER)
    is_due |= in_order if up_to is not None else in_order & ~Q(channel=Channel.WEBSITE)
    waiting = Q(state=Message.State.RECEIVED) | Q(is_due, state=Message.State.FAILED, resume_until__gt=now)
    first = (
        Message.objects.filter(waiting, conversation=conversation, pk__lte=up_to or _LAST_ID)
        .exclude(pk__in=tried)
        .select_related("conversation")
        .order_by("pk")
        .first()
    )
    if first is not None and up_to is None and first.next_attempt_at is not None and first.next_attempt_at > now:
        return None
    if first is not None and tried:
        held = Conversation.objects.filter(pk=conversation, lease_owner=owner)
        return first if held.update(lease_until=now + lease()) else None
    return first


def _is_strict(message: Message) -> bool:
    """Whether no later message may be answered before this one, for as long as it is tried in order."""
    return message.channel != Channel.WEBSITE


_LAST_ID = 2**63 - 1
_NOTHING = Understood(intent=None, topics=[], confidence=0.0)


async def _ask_rasa(work: _Work) -> Turn:
    """What came of a message.

    Raises:
        RasaUnavailable: nothing did.
    """
    message, taken = work.message, work.taken
    if not (taken.text or taken.choice):
        return Turn(replies=taken.notices, understood=_NOTHING)
    if work.of_erasure is not None:
        return Turn(replies=[work.of_erasure], understood=_NOTHING)
    name = asked_in_pause(message.conversation_id) if is_paused(message.conversation) else message.conversation_id.hex
    ask = functools.partial(
        rasa.take_turn,
        conversation=name,
        message_id=str(message.pk),
        channel=message.channel,
        language=message.conversation.language,
        stored=work.stored,
    )
    try:
        turn = await ask(text=taken.text, choice=taken.choice)
    except rasa.ChoiceRefused:
        # A button of long ago still says something.
        if not taken.text:
            return Turn(replies=[unknown_choice_notice()], understood=_NOTHING)
        turn = await ask(text=taken.text, choice="")
    if taken.notices and not emergencies(turn):
        turn = turn.model_copy(update={"replies": [*turn.replies, *taken.notices]})
    return turn


def _held(message: Message, owner: str) -> Conversation | None:
    """The conversation, while the lease is still ours, with its row locked until the transaction ends."""
    held = Conversation.objects.select_for_update().filter(pk=message.conversation_id, lease_owner=owner)
    return next(iter(held.order_by()), None)


def _gave_back(message: Message, owner: str) -> bool:
    """Give the conversation back, if it is still ours and as it was when its message was taken in.

    Its row is locked then until the transaction ends.
    """
    known = message.conversation
    same = {"paused_by": known.paused_by, "paused_until": known.paused_until}
    ours = Conversation.objects.filter(pk=known.pk, lease_owner=owner, **same)
    return ours.update(lease_owner="", lease_until=None) == 1


def _commit(message: Message, turn: Turn, owner: str | None, *, is_new: bool = False) -> list[Reply] | None:
    """Store all that came of a message, at once.

    Args:
        message: what was said.
        turn: what came of it.
        owner: of the lease; None where the conversation was given back in this transaction.
        is_new: whether nothing can have come of the message before.

    Returns:
        Its replies, or None when the lease was lost: someone else does it.
    """
    with transaction.atomic(savepoint=False):
        held = message.conversation if owner is None else _held(message, owner)
        if held is None:
            return None
        _read_again(message)
        if message.attachment == DELETED:
            return []
        if message.state != Message.State.RECEIVED or _is_strict(message):
            withdraw_unsent(message)
            Reply.objects.filter(message=message).delete()  # the notice of an outage that is over
        urgent = emergencies(turn)
        is_left = is_paused(held) and not urgent
        said = (urgent or _notices_of_pause(held)) if is_paused(held) else turn.replies
        stored = store_replies(message, turn.model_copy(update={"replies": said}))
        if is_left and held.paused_by == Conversation.PausedBy.CONSOLE:
            # Whoever answers in an app of Meta's is told by that app.
            notify(Notification.Kind.WAITING, conversation_path(held.pk))
        if not is_left and not is_new:
            StaffTask.objects.filter(message=message).update(state=StaffTask.State.DONE)
        _become(
            message,
            state=Message.State.LEFT if is_left else Message.State.HANDLED,
            handled_at=timezone.now(),
            next_attempt_at=None,
            kind="" if is_left else turn.kind or "",
            topics=turn.topics,
            confidence=turn.understood.confidence,
            understood=turn.understood.model_dump(mode="json"),
            to_count=True,
        )
    transaction.on_commit(functools.partial(metrics.count_turn, message, turn, is_left=is_left))
    return stored


def _read_again(message: Message) -> None:
    """What a message says now: on Messenger and WhatsApp a visitor may take it back while Rasa works."""
    if _is_strict(message):
        message.refresh_from_db(fields=["text", "choice", "attachment"])


def _become(message: Message, **fields: Any) -> None:
    """Change a message, in the database and as it is at hand."""
    Message.objects.filter(pk=message.pk).update(**fields)
    for name, value in fields.items():
        setattr(message, name, value)


def _commit_failure(message: Message, owner: str, *, counts: bool = True) -> bool:
    """Keep a message that could not be handled, tell the visitor once, and plan the next attempt.

    An attempt counts unless the fault was certainly not the message's.
    """
    with transaction.atomic():
        held = _held(message, owner)
        if held is None:
            return False
        # As it is stored: what was to be stored of its turn may have been set on it already.
        message.refresh_from_db()
        now = timezone.now()
        if not Reply.objects.filter(message=message).exists():
            store_replies(message, Turn(replies=_notices_for(message, held), understood=_NOTHING))
        attempts = message.attempts + 1
        wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT)
        _become(
            message,
            state=Message.State.FAILED,
            handled_at=now,
            attempts=attempts if counts else message.attempts,
            next_attempt_at=now + wait,
            kind="notice",
            to_count=True,
        )
    return True


def _notices_of_pause(conversation: Conversation) -> list[ReplyFormat]:
    """What stands in for an answer while a person answers: on the website a notice, elsewhere nothing.

    Messenger and WhatsApp show the person's own words; there the assistant would only talk across them.
    """
    if conversation.channel != Channel.WEBSITE:
        return []
    since = {"message__conversation": conversation, "message__received_at__gte": conversation.paused_at}
    is_known = Reply.objects.filter(kind="notice", **since).exists()
    return [person_still_answers_notice() if is_known else person_answers_notice()]


def _notices_for(message: Message, conversation: Conversation) -> list[ReplyFormat]:
    """The whole notice at the first message of an outage, a short one after it."""
    if is_paused(conversation):
        return _notices_of_pause(conversation)
    earlier = Message.objects.filter(
        conversation=message.conversation_id, pk__lt=message.pk, state=Message.State.FAILED
    ).filter(resume_until__gt=timezone.now())
    return [outage_goes_on_notice() if earlier.exists() else outage_notice()]


def _hand_to_staff(message: Message, owner: str) -> bool:
    with transaction.atomic():
        held = _held(message, owner)
        if held is None:
            return False
        late = Message.objects.filter(too_late(timezone.now()), pk=message.pk)
        if not late.update(state=Message.State.FAILED, next_attempt_at=None, handled_at=timezone.now(), kind="notice"):
            return False
        if not Reply.objects.filter(message=message).exists():
            store_replies(message, Turn(replies=_notices_for(message, held), understood=_NOTHING))
        StaffTask.objects.get_or_create(message=message, defaults={"conversation_id": message.conversation_id})
        ranking.refresh(message.conversation_id)
        notify(Notification.Kind.FAILED_HANDOFF, conversation_path(message.conversation_id))
    logger.error("Message %s: not answered in time, it is a task for staff", message.pk)
    return True


def retry(message: Message) -> None:
    """Put a message that failed back in the inbox; Rasa handles a message id once, so nothing is done twice."""
    again = Message.objects.filter(pk=message.pk, state=Message.State.FAILED)
    with transaction.atomic():
        until = timezone.now() + timedelta(minutes=config().resume_minutes)
        if again.update(state=Message.State.RECEIVED, attempts=0, next_attempt_at=None, resume_until=until):
            Reply.objects.filter(message=message).delete()
            ranking.refresh(message.conversation_id)
