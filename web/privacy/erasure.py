"""Erasing a visitor: everywhere, or not yet.

What Rasa remembers goes first; then, in one transaction, the conversation with all that hangs on it (messages, replies,
handoffs, requests, deliveries, who the visitor is, what staff said of it), webhooks and notifications about it, and
what another part keeps and has named with `also`. The lease is held meanwhile, so that no message at work comes back.

`erase` does it now and says when it can't. `ask` writes down that it has to be done: the worker does it once the
receipt was delivered, and tries until everything could be reached.
"""

from __future__ import annotations

import functools
import json
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from asgiref.sync import async_to_sync
from cryptography.fernet import InvalidToken
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from redis import RedisError

from web import rasa, turns
from web.channels import graph, identity
from web.channels.ids import decrypted, encrypted
from web.channels.models import Delivery, Redaction, Turnstile, Visitor, Webhook
from web.config import config
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure, Message
from web.conversations.pause import asked_in_pause
from web.notifications.models import Notification
from web.privacy.record import Event, record
from web.records import conversation_path
from web.review import search_index
from web.steps import in_database, to_the_end

logger = logging.getLogger(__name__)

Via = Erasure.Via
#: The receipt of an erasure.
Receipt = Erasure
#: An erasure that was asked for waits so long: its answer is on its way to the visitor.
_FIRST_LOOK = timedelta(seconds=5)
#: And no longer than this for answers that can't be delivered.
_LONGEST_WAIT = timedelta(minutes=10)
#: After a failure.
_RETRY = timedelta(minutes=1)

_others: list[Callable[[uuid.UUID], None]] = []


def also(erase_too: Callable[[uuid.UUID], None]) -> None:
    """Name what has to be erased with a conversation and does not hang on it by a foreign key: a search index ...

    Call it in an application's `ready`. The function is called inside the transaction, before the conversation goes.
    """
    _others.append(erase_too)


def erase(conversation: uuid.UUID, via: str = Via.CONSOLE, by: User | None = None) -> Receipt:
    """Erase a conversation now, from code that is not asynchronous: `aerase`."""
    receipt: Receipt = async_to_sync(aerase)(conversation, via, by)
    return receipt


async def aerase(conversation: uuid.UUID, via: str = Via.WEBSITE, by: User | None = None) -> Receipt:
    """Erase a conversation now, everywhere.

    Raises:
        RasaUnavailable, Busy: nothing was erased.
        Conversation.DoesNotExist: it was erased already.
    """
    return await to_the_end(functools.partial(_erase, via=via, by=by), conversation)


async def _erase(conversation: uuid.UUID, via: str, by: User | None) -> Receipt:
    async with turns.held(conversation):
        await rasa.forget(conversation.hex)
        if await in_database(Conversation.objects.filter(pk=conversation, paused_at__isnull=False).exists):
            await rasa.forget(asked_in_pause(conversation))
        receipt = await in_database(_delete, conversation, via, by)
    await in_database(leave_no_traces)
    # Outside the database, for whoever puts back a backup from before.
    logger.info("Erased conversation %s", conversation)
    return receipt


def ask(conversation: uuid.UUID, via: str, by: User | None = None) -> Receipt:
    """Have a conversation erased by the worker; asked twice, it is the same erasure. The receipt so far."""
    with transaction.atomic():
        receipt, is_new = Erasure.objects.get_or_create(
            conversation=conversation, defaults={"via": via, "next_attempt_at": timezone.now() + _FIRST_LOOK}
        )
        if is_new:
            record(by, Event.ERASE, f"conversation {conversation}", via=via, step="asked")
    return receipt


def ask_for_id(meta_id: str) -> Receipt:
    """Have the visitor of one of Meta's ids erased by the worker, if there is one."""
    with transaction.atomic():
        receipt = Erasure.objects.create(via=Via.META, subject=meta_id, next_attempt_at=timezone.now())
        record(None, Event.ERASE, f"erasure {receipt.pk}", via=Via.META, step="asked")
    return receipt


async def finish_due() -> None:
    """Do the erasures that were asked for and whose time has come."""
    due = Erasure.objects.filter(erased_at=None, next_attempt_at__lte=timezone.now()).order_by("next_attempt_at")
    for receipt in [one async for one in due[:20]]:
        await _finish(receipt)


async def _finish(receipt: Receipt) -> None:
    if receipt.conversation is None and not await in_database(_find_conversation, receipt):
        return
    if await in_database(_is_answer_on_its_way, receipt):
        await _again(receipt, _FIRST_LOOK)
        return
    try:
        await to_the_end(functools.partial(_erase, via=receipt.via, by=None), receipt.conversation)
    except Conversation.DoesNotExist:
        await Erasure.objects.filter(pk=receipt.pk).aupdate(
            erased_at=timezone.now(), conversation=None, subject="", next_attempt_at=None
        )
    except (rasa.RasaUnavailable, turns.Busy) as error:
        logger.error("Erasure %s has to wait (%s)", receipt.pk, type(error).__name__)
        await _again(receipt, _RETRY)


async def _again(receipt: Receipt, wait: timedelta) -> None:
    await Erasure.objects.filter(pk=receipt.pk).aupdate(next_attempt_at=timezone.now() + wait)


def _is_answer_on_its_way(receipt: Receipt) -> bool:
    """Whether the visitor has not been told yet, or wrote again and has no answer."""
    if timezone.now() - receipt.asked_at > _LONGEST_WAIT:
        return False
    unsent = (Delivery.State.WAITING, Delivery.State.SENDING)
    is_unsent = Delivery.objects.filter(conversation=receipt.conversation, state__in=unsent).exists()
    waits = Message.objects.filter(conversation=receipt.conversation, state=Message.State.RECEIVED)
    return is_unsent or waits.exists()


def _find_conversation(receipt: Receipt) -> bool:
    """Find whose id it is; done when it is no one's."""
    try:
        others = graph.page_scoped_ids(receipt.subject) if identity.of_meta_id(receipt.subject) is None else []
    except httpx.HTTPError as error:
        logger.error("Erasure %s has to wait (%s)", receipt.pk, type(error).__name__)
        Erasure.objects.filter(pk=receipt.pk).update(next_attempt_at=timezone.now() + _RETRY)
        return False
    with transaction.atomic():
        known = (identity.of_meta_id(one) for one in (receipt.subject, *others))
        visitor = next((one for one in known if one is not None), None)
        if visitor is None:
            Erasure.objects.filter(pk=receipt.pk).update(erased_at=timezone.now(), subject="", next_attempt_at=None)
            record(None, Event.ERASE, f"erasure {receipt.pk}", via=receipt.via, step="nothing was kept")
            return False
        other = Erasure.objects.filter(conversation=visitor.conversation_id).first()
        if other is not None:
            # Already asked for in another way; this one is done when that one is.
            Erasure.objects.filter(pk=receipt.pk).update(next_attempt_at=timezone.now() + _RETRY)
            return False
        Erasure.objects.filter(pk=receipt.pk).update(conversation=visitor.conversation_id)
        receipt.conversation = visitor.conversation_id
    return True


def erase_request(request: ContactRequest, by: User | None) -> Receipt:
    """Erase a request that belongs to no conversation: one that came from the form alone."""
    with transaction.atomic():
        Notification.objects.filter(path=request.staff_path).delete()
        record(by, Event.ERASE, f"request {request.pk}", via=Via.CONSOLE, step="done")
        request.delete()
        receipt = Erasure.objects.create(via=Via.CONSOLE, erased_at=timezone.now(), requests=1)
    leave_no_traces()
    return receipt


def _delete(conversation: uuid.UUID, via: str, by: User | None) -> Receipt:
    with transaction.atomic():
        found = Conversation.objects.select_for_update().filter(pk=conversation).first()
        if found is None:
            raise Conversation.DoesNotExist
        receipt = delete_from_web(found, via, by)
        receipt.erased_at, receipt.conversation, receipt.subject = timezone.now(), None, ""
        receipt.next_attempt_at = None
        receipt.save()
    return receipt


def delete_from_web(conversation: Conversation, via: str, by: User | None, event: Event = Event.ERASE) -> Receipt:
    """Delete all that web keeps of a conversation, inside the caller's transaction; what became of it, not saved."""
    pk = conversation.pk
    # Whoever counts its messages for the console is waited for, and none is counted after this.
    Message.objects.filter(conversation=conversation, to_count=True).update(to_count=False)
    requests = ContactRequest.objects.filter(conversation=conversation)
    receipt = Erasure.objects.filter(conversation=pk).first() or Erasure(via=via)
    receipt.messages, receipt.requests = conversation.messages.count(), requests.count()
    paths = [conversation_path(pk), *(request.staff_path for request in requests.only("pk"))]
    Notification.objects.filter(path__in=paths).delete()
    Redaction.objects.filter(rasa_name__in=(pk.hex, asked_in_pause(pk))).delete()
    visitor = Visitor.objects.filter(conversation=conversation).first()
    if visitor is not None:
        _clean_webhooks(visitor)
    for erase_too in _others:
        erase_too(pk)
    conversation.delete()
    _forget_counts(pk)
    record(
        by, event, f"conversation {pk}", via=via, step="done", messages=str(receipt.messages),
        requests=str(receipt.requests),
    )  # fmt: skip
    return receipt


def _forget_counts(conversation: uuid.UUID) -> None:
    """Rate limits are counted under the conversation's id."""
    try:
        cache.delete_many([f"limit:{what}:{conversation.hex}" for what in ("message", "feedback")])
    except RedisError as error:
        # They expire by themselves within two minutes.
        logger.error("Redis is unavailable (%s), so counts go by themselves", type(error).__name__)


def _clean_webhooks(visitor: Visitor) -> None:
    """Take a visitor's events out of the webhooks that are not read yet or could not be read."""
    try:
        person = identity.addresses(visitor)
    except InvalidToken:
        return
    ids = [one for one in (person.user, person.phone) if one]
    Turnstile.objects.select_for_update().get_or_create(pk=1)
    for webhook in Webhook.objects.filter(channel=visitor.channel):
        try:
            body = decrypted(webhook.body)
        except InvalidToken:
            continue
        if not any(one in body for one in ids):
            continue
        try:
            rest = without(json.loads(body), ids)
        except (ValueError, RecursionError):
            webhook.delete()
            continue
        Webhook.objects.filter(pk=webhook.pk).update(body=encrypted(json.dumps(rest)))


def without(content: Any, ids: list[str]) -> Any:
    """JSON without the innermost list items that name one of the ids."""
    if isinstance(content, list):
        kept = [without(item, ids) for item in content]
        return [item for item in kept if not any(one in json.dumps(item, ensure_ascii=False) for one in ids)]
    if isinstance(content, dict):
        return {key: without(value, ids) for key, value in content.items()}
    return content


def leave_no_traces() -> None:
    """SQLite keeps earlier pages in its write-ahead log until they are folded in; PostgreSQL sees to its own."""
    search_index.forget_deleted(connection)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def receipt_text(receipt: Receipt, language: str = "en") -> str:
    """The receipt in words: what is or will be erased, where to look, and what becomes of backups."""
    page = config().public_url + reverse("erasure", args=[receipt.pk])
    days = config().backup_days
    if language == "es":
        done = "Se ha borrado todo" if receipt.is_done else "Se está borrando todo"
        backups = (
            f"Las copias de seguridad que lo contienen se eliminan por rotación en un plazo de {days} días."
            if days
            else "No hay copias de seguridad."
        )
        return (
            f"{done} lo que este asistente guarda de esta conversación: mensajes, respuestas y solicitudes. "
            f"{backups} Su recibo: {page}"
        )
    done = "Everything was erased that" if receipt.is_done else "Everything is being erased that"
    backups = f"Backups that hold it age out by rotation within {days} days." if days else "There are no backups."
    return (
        f"{done} this assistant keeps of this conversation: messages, replies and requests. {backups} "
        f"Your receipt: {page}"
    )
