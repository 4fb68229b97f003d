"""The worker: takes up what no one else is at.

Three things go on side by side, each by itself, so that none waits for another: messages left by a process that ended
or due again after an outage; messages whose answer would come too late, which become tasks for staff; notifications.
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
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import Error as DatabaseFailure
from django.db import connection, connections
from django.utils import timezone

from web import rasa, turns
from web.conversations.models import Conversation, Message, WorkerBeat
from web.notifications import outbox

logger = logging.getLogger(__name__)

#: Whoever asked waits for their own message; after this the process that took it is probably gone.
LEFT_AFTER = timedelta(seconds=2)
#: Conversations handled at the same time.
AT_ONCE = 8
_MESSAGES_EVERY_SECONDS = 1.0
_LATE_EVERY_SECONDS = 5.0
_NOTIFICATIONS_EVERY_SECONDS = 2.0
_BEAT_EVERY_SECONDS = 5.0
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
    await asyncio.gather(
        _every(_MESSAGES_EVERY_SECONDS, resume_messages, stop),
        _every(_LATE_EVERY_SECONDS, give_up_late_messages, stop),
        _every(_NOTIFICATIONS_EVERY_SECONDS, send_notifications, stop),
        _every(_BEAT_EVERY_SECONDS, beat, stop),
    )


async def _every(seconds: float, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do it again and again. A failure is logged and waited out: the database may be away for a while."""
    while not stop.is_set():
        wait = seconds
        try:
            async with ThreadSensitiveContext():
                try:
                    await work()
                finally:
                    await sync_to_async(_give_back)()
        except (DatabaseFailure, httpx.HTTPError, Conversation.DoesNotExist) as error:
            logger.error("%s failed (%s)", work.__name__, type(error).__name__)
            wait *= _PATIENCE_FACTOR
        except Exception:  # a fault of one round must not end the others
            logger.exception("%s failed", work.__name__)
            wait *= _PATIENCE_FACTOR
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)


def _give_back() -> None:
    if connection.vendor != "sqlite":
        connections.close_all()


async def resume_messages() -> None:
    """Handle messages that wait in conversations no one is at; those that failed, once Rasa is back."""
    now = timezone.now()
    waiting = await sync_to_async(turns.waiting_conversations)(now, now - LEFT_AFTER, with_failed=await rasa.is_ready())
    room = asyncio.Semaphore(AT_ONCE)

    async def one(conversation: uuid.UUID) -> None:
        async with room:
            await turns.resume(conversation)

    for outcome in await asyncio.gather(*(one(each) for each in waiting), return_exceptions=True):
        if isinstance(outcome, BaseException):
            logger.error("A conversation could not be resumed (%s)", type(outcome).__name__)


async def give_up_late_messages() -> None:
    """Make tasks for staff of the messages whose answer would come too late."""

    def late() -> list[Message]:
        return list(Message.objects.filter(turns.too_late(timezone.now())).order_by("pk")[:100])

    for message in await sync_to_async(late)():
        await turns.give_up(message)


async def send_notifications() -> None:
    """Send what is due."""
    await sync_to_async(outbox.send_due)()


async def beat() -> None:
    """Leave a sign of life for `/health/ready`."""
    await WorkerBeat.objects.aupdate_or_create(pk=1, defaults={"at": timezone.now()})


def is_alive() -> bool:
    """Whether a worker was seen lately."""
    return WorkerBeat.objects.filter(at__gte=timezone.now() - SILENT_AFTER).exists()
