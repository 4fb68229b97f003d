"""The record: who saw, revealed, exported, marked, signed, erased or set what, and when.

It is append-only, and tamper-evident: each entry carries a keyed hash over itself and the hash before it. Without
`RECORD_KEY` nobody can make a changed, removed or inserted entry fit. Entries that are cut off at the end fit still, so
`head()` is written to the worker's log from time to time; `python -m web record verify --from NUMBER:DIGEST` compares.

It names staff by account and everything else by id; words in it are masked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils import timezone

from web.config import config
from web.privacy.masking import masked
from web.privacy.models import ChainHead, Entry, Event

__all__ = ["Break", "Event", "first_break", "head", "record"]

_AT_ONCE = 1000
_LONGEST_DETAIL = 500


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the number of the first entry concerned, and what is wrong with it."""

    number: int
    what: str


def record(actor: AbstractBaseUser | AnonymousUser | None, event: Event, subject: str, **details: str) -> None:
    """Add an entry. Call it in the transaction that does what it tells of: the one is not kept without the other.

    Args:
        actor: the account; None for the software itself, and for a visitor (`details` then says so).
        event: what was done.
        subject: a kind and an id, such as "conversation 0d4c..."; nothing a visitor wrote.
        details: more in words; masked, and cut at 500 characters each.
    """
    with transaction.atomic():
        last, _ = ChainHead.objects.select_for_update().get_or_create(pk=1)
        entry = Entry(
            number=last.number + 1,
            at=timezone.now(),
            actor=actor.pk if actor is not None else None,
            actor_name=actor.get_username()[:150] if actor is not None else "",
            event=event,
            subject=subject[:200],
            details={name: masked(value)[:_LONGEST_DETAIL] for name, value in details.items()},
        )
        entry.digest = _digest(entry, last.digest)
        entry.save(force_insert=True)
        ChainHead.objects.filter(pk=1).update(number=entry.number, digest=entry.digest)


def head() -> tuple[int, str]:
    """Number and digest of the last entry; 0 and nothing while there is none."""
    last = ChainHead.objects.filter(pk=1).first()
    return (last.number, last.digest) if last else (0, "")


def first_break(known: tuple[int, str] | None = None) -> Break | None:
    """The first place where the record was tampered with; None while all of it holds.

    Args:
        known: number and digest of an entry as they were noted earlier, outside the database.
    """
    # Read first: what is added while the chain is read comes after it.
    last_number, last_digest = head()
    noted = {last_number: last_digest, **({known[0]: known[1]} if known else {})}
    number, digest = 0, ""
    for entry in _entries():
        number += 1
        if entry.number != number:
            return Break(number, "is missing")
        if not hmac.compare_digest(entry.digest, _digest(entry, digest)):
            return Break(number, "is not what was written, or not in its place")
        digest = entry.digest
        if noted.get(number, digest) != digest:
            return Break(number, "is not the one that was noted")
    if number < max(noted):
        return Break(number + 1, "is missing, and all after it")
    return None


def _entries() -> Iterator[Entry]:
    return Entry.objects.order_by("number").iterator(chunk_size=_AT_ONCE)


def _digest(entry: Entry, before: str) -> str:
    at: datetime = entry.at.astimezone(UTC)
    said = [
        entry.number, at.isoformat(), entry.actor, entry.actor_name, str(entry.event), entry.subject, entry.details,
        before,
    ]  # fmt: skip
    written = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(_key(config().record_key.get_secret_value()), written.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"privacy.record").derive(secret.encode())
