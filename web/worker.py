"""The worker: takes up what no one else is at.

Several things go on side by side, each by itself, so that none waits for another: webhooks are read into the inbox;
new messages of Messenger and WhatsApp are answered and the answers sent; messages left by a process that ended, or due
again after an outage, are answered; those whose answer would come too late become tasks for staff; what was said is
made findable in the console; notifications are sent; visitors who asked for it are erased, and what is kept
long enough is deleted.
Several workers may run: a conversation is taken by its lease, a notification by whoever moves its time first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
from django.db import Error as DatabaseFailure
from django.utils import timezone

from web import rasa, turns, waiting
from web.channels import delivering, intake
from web.channels.models import Redaction
from web.config import config
from web.contact.due import tell_of_overdue
from web.conversations.lapsed import hand_back_lapsed
from web.conversations.models import Conversation, Message, WorkerBeat
from web.notifications import outbox
from web.overview.counting import count_due
from web.privacy import erasure, retention
from web.review import ranking
from web.steps import apart, in_database, to_the_end

logger = logging.getLogger(__name__)

#: Whoever asked waits for their own message; after this the process that took it is probably gone.
LEFT_AFTER = timedelta(seconds=2)
#: Conversations handled at the same time.
AT_ONCE = 8
#: Conversations sent to at the same time.
SENT_AT_ONCE = 8
_WEBHOOKS_EVERY_SECONDS = 0.1
_LOOKS_EVERY_SECONDS = 0.1
#: Where neither Messenger nor WhatsApp is on.
_UNUSED_FACTOR = 20.0
_MESSAGES_EVERY_SECONDS = 1.0
_REDACTIONS_EVERY_SECONDS = 5.0
_REDACTION_WAIT = timedelta(minutes=1)
_TURNS_EVERY_SECONDS = 1.0
_LATE_EVERY_SECONDS = 5.0
_ERASURES_EVERY_SECONDS = 2.0
_RETENTION_EVERY_SECONDS = 60.0
_OVERDUE_EVERY_SECONDS = 30.0
_COUNTS_EVERY_SECONDS = 60.0
_NOTIFICATIONS_EVERY_SECONDS = 2.0
_BEAT_EVERY_SECONDS = 5.0
_REVIEWED_AT_ONCE = 50
#: A worker not seen for so long is not there.
SILENT_AFTER = timedelta(seconds=30)
#: After a failure a round waits so much longer.
_PATIENCE_FACTOR = 5


async def run() -> None:
    """Work until told to stop by SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Messages of Messenger and WhatsApp are looked for often, where there can be any.
    often = 1.0 if config().has_messenger or config().has_whatsapp else _UNUSED_FACTOR
    async with rasa.connected():
        await asyncio.gather(
            _every(often * _WEBHOOKS_EVERY_SECONDS, read_webhooks, stop),
            _keep_busy(_new_on_channels, answer_on_channel, AT_ONCE, stop, often * _LOOKS_EVERY_SECONDS),
            _keep_busy(_to_be_sent, delivering.deliver, SENT_AT_ONCE, stop, often * _LOOKS_EVERY_SECONDS),
            _every(_REDACTIONS_EVERY_SECONDS, forget_messages, stop),
            _every(_MESSAGES_EVERY_SECONDS, resume_messages, stop),
            _every(_TURNS_EVERY_SECONDS, count_turns, stop),
            _every(_LATE_EVERY_SECONDS, give_up_late_messages, stop),
            _every(_LATE_EVERY_SECONDS, hand_back_conversations, stop),
            _every(_OVERDUE_EVERY_SECONDS, tell_of_overdue_requests, stop),
            _every(_COUNTS_EVERY_SECONDS, count_days, stop),
            _every(_NOTIFICATIONS_EVERY_SECONDS, send_notifications, stop),
            _every(_ERASURES_EVERY_SECONDS, erase_visitors, stop),
            _every(_RETENTION_EVERY_SECONDS, delete_what_is_due, stop),
            _every(_BEAT_EVERY_SECONDS, beat, stop),
            review_older_conversations(stop),
        )


async def _keep_busy(
    find: Callable[[int], list[uuid.UUID]],
    handle: Callable[[uuid.UUID], Awaitable[None]],
    at_once: int,
    stop: asyncio.Event,
    seconds: float = _LOOKS_EVERY_SECONDS,
) -> None:
    """Handle what is found, each conversation in a task of its own: a slow one holds up no other."""
    under_way: dict[uuid.UUID, asyncio.Task[None]] = {}

    async def look() -> None:
        for conversation in [one for one, task in under_way.items() if task.done()]:
            error = under_way.pop(conversation).exception()
            if error is not None:
                logger.error("A conversation failed in %s (%s)", handle.__name__, type(error).__name__)
        if len(under_way) < at_once:
            for conversation in await in_database(find, 2 * at_once):
                if conversation not in under_way and len(under_way) < at_once:
                    under_way[conversation] = asyncio.create_task(_alone(handle, conversation))

    await _every(seconds, look, stop)
    await asyncio.gather(*under_way.values(), return_exceptions=True)


async def _alone(handle: Callable[[uuid.UUID], Awaitable[None]], conversation: uuid.UUID) -> None:
    await handle(conversation)


def _new_on_channels(limit: int) -> list[uuid.UUID]:
    return waiting.new_on_channels(timezone.now(), limit)


def _to_be_sent(limit: int) -> list[uuid.UUID]:
    return delivering.waiting_conversations(limit)


async def read_webhooks() -> None:
    """Read what Meta sent into the inbox."""
    while await in_database(intake.read_waiting):
        pass


async def answer_on_channel(conversation: uuid.UUID) -> None:
    """Answer a conversation's new messages, and show meanwhile that they were seen."""
    seen = asyncio.create_task(to_the_end(delivering.show_seen, conversation))
    await turns.resume(conversation)
    await seen


async def forget_messages() -> None:
    """Have Rasa forget what visitors deleted."""
    now = timezone.now()

    def due() -> list[Redaction]:
        return list(Redaction.objects.filter(next_attempt_at__lte=now).order_by("pk")[:50])

    for redaction in await in_database(due):
        try:
            if redaction.message_id:
                await rasa.forget_message(redaction.rasa_name, redaction.message_id)
            else:
                await rasa.forget(redaction.rasa_name)
        except rasa.RasaUnavailable as error:
            logger.error("Redaction %s waits for Rasa (%s)", redaction.pk, error.reason)
            later = now + _REDACTION_WAIT
            await in_database(Redaction.objects.filter(pk=redaction.pk).update, next_attempt_at=later)
        else:
            await in_database(redaction.delete)


async def _every(seconds: float, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do it again and again. A failure is logged and waited out: the database may be away for a while."""
    while not stop.is_set():
        wait = seconds
        try:
            await work()
        except (DatabaseFailure, httpx.HTTPError, Conversation.DoesNotExist) as error:
            logger.error("%s failed (%s)", work.__name__, type(error).__name__)
            wait *= _PATIENCE_FACTOR
        except Exception:  # a fault of one round must not end the others
            logger.exception("%s failed", work.__name__)
            wait *= _PATIENCE_FACTOR
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)


async def resume_messages() -> None:
    """Handle messages that wait in conversations no one is at; those that failed, once Rasa is back."""
    now = timezone.now()
    found = await in_database(waiting.waiting_conversations, now, now - LEFT_AFTER, with_failed=await rasa.is_ready())
    room = asyncio.Semaphore(AT_ONCE)

    async def one(conversation: uuid.UUID) -> None:
        async with room:
            await turns.resume(conversation)

    for outcome in await asyncio.gather(*(one(each) for each in found), return_exceptions=True):
        if isinstance(outcome, BaseException):
            logger.error("A conversation could not be resumed (%s)", type(outcome).__name__)


async def give_up_late_messages() -> None:
    """Make tasks for staff of the messages whose answer would come too late."""

    def late() -> list[Message]:
        return list(Message.objects.filter(waiting.too_late(timezone.now())).order_by("pk")[:100])

    for message in await in_database(late):
        await turns.give_up(message)


async def count_turns() -> None:
    """Make what was said findable in the console."""
    while await in_database(ranking.count_turns) == ranking.AT_ONCE:
        pass


async def review_older_conversations(stop: asyncio.Event) -> None:
    """At the start: make those conversations findable in the console that were held before it was there."""
    while not stop.is_set():
        try:
            made = await apart(_review_some)
        except DatabaseFailure as error:
            logger.error("Older conversations can't be read (%s)", type(error).__name__)
            made = _REVIEWED_AT_ONCE
            await asyncio.sleep(_LATE_EVERY_SECONDS)
        if made < _REVIEWED_AT_ONCE:
            return


def _review_some() -> int:
    missing = ranking.missing(_REVIEWED_AT_ONCE)
    for conversation in missing:
        ranking.refresh(conversation)
    return len(missing)


async def hand_back_conversations() -> None:
    """End the pauses whose time is over, and see to visitors whom no one answered in them."""
    await apart(hand_back_lapsed)


async def tell_of_overdue_requests() -> None:
    """Tell the clinic of visitors who still wait to be contacted."""
    await apart(tell_of_overdue)


async def count_days() -> None:
    """Bring the figures of the console up to date."""
    await apart(count_due)


async def send_notifications() -> None:
    """Send what is due."""
    await apart(outbox.send_due)


async def erase_visitors() -> None:
    """Erase those who asked for it."""
    await erasure.finish_due()


async def delete_what_is_due() -> None:
    """Delete what was kept for as long as the settings say."""
    await in_database(retention.note_settings)
    gone = await in_database(retention.enforce)
    if gone:
        logger.info("Retention: %s conversations and %s requests were deleted", gone.conversations, gone.requests)


async def beat() -> None:
    """Leave a sign of life for `/health/ready`."""
    await in_database(WorkerBeat.objects.update_or_create, pk=1, defaults={"at": timezone.now()})


def is_alive() -> bool:
    """Whether a worker was seen lately."""
    return WorkerBeat.objects.filter(at__gte=timezone.now() - SILENT_AFTER).exists()
