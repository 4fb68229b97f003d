"""What can happen on a channel, in one form for Messenger and WhatsApp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from web.conversations.models import Conversation
from web.text import MAX_TEXT, readable


@dataclass(frozen=True)
class Person:
    """A visitor, as the provider names them: page-scoped or business-scoped id, and a phone number. One at least."""

    user: str = ""
    phone: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.user or self.phone)


@dataclass(frozen=True)
class Arrived:
    """A visitor sent something. `attachment` is one of `kinds.py`; `answers` is the message it replies to."""

    person: Person
    id: str
    at: datetime | None = None
    text: str = ""
    choice: str = ""
    attachment: str = ""
    answers: str = ""
    is_standby: bool = False


@dataclass(frozen=True)
class Edited:
    """A visitor changed a message; `version` tells changes of one message apart."""

    person: Person
    id: str
    version: str
    text: str
    at: datetime | None = None
    is_standby: bool = False


@dataclass(frozen=True)
class Deleted:
    """A visitor took a message back."""

    person: Person
    id: str


@dataclass(frozen=True)
class PersonWrote:
    """Someone other than the assistant answered the visitor."""

    person: Person
    id: str
    by: Conversation.PausedBy
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ControlChanged:
    """Another app took the conversation over, or gave it back to us."""

    person: Person
    is_ours: bool


@dataclass(frozen=True)
class Moved:
    """A visitor has another phone number now."""

    person: Person
    phone: str


#: In place of a code, when there is none; 0 is one of Meta's.
NO_CODE = -1


@dataclass(frozen=True)
class Problem:
    """Why the provider did not send: its code, and a finer one where there is one; `status` is that of HTTP."""

    code: int
    subcode: int = 0
    status: int = 0


@dataclass(frozen=True)
class Returned:
    """What the provider says of a part we sent: `key` is our own id, `id` is the provider's. One of them at least."""

    key: str = ""
    id: str = ""
    state: str = "sent"
    problem: Problem | None = None


Event = Arrived | Edited | Deleted | PersonWrote | ControlChanged | Moved | Returned


def items(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing for anything else. Providers add fields and types without notice."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return [each for each in value if isinstance(each, Mapping)] if is_list else []  # type: ignore[attr-defined]


def part(value: object, *names: str) -> Mapping[str, Any]:
    """An object within objects; empty when it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def word(value: object) -> str:
    """An id or a short text; numbers as text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\x00", "")[:1000]


def number(value: object) -> int:
    """A whole number, also when it is written as text; 0 for anything else."""
    text = word(value)
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 20 else 0


def said(value: object) -> str:
    """What a visitor typed, as long as it may be."""
    return readable(value)[:MAX_TEXT] if isinstance(value, str) else ""


def moment(seconds: float) -> datetime | None:
    """A time of the provider's clock; None when it makes no sense."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, OSError, ValueError):
        return None
