"""Which request and which conversation a line of the log is about, through web, rasa and actions.

Both are names without a meaning: a random one for a request, a keyed hash for a conversation. They travel from one
process to the next in two headers, and say nothing to anyone who does not have the key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from contextvars import Context, ContextVar

REQUEST_HEADER, CONVERSATION_HEADER = "X-Request-Id", "X-Conversation-Id"
_NAME = re.compile(r"[A-Za-z0-9-]{8,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
conversation_id: ContextVar[str] = ContextVar("conversation_id", default="")


def begin(given: str = "") -> str:
    """Begin a request; its name is the one given, where that is fit for a log."""
    name = given if _NAME.fullmatch(given) else secrets.token_hex(8)
    request_id.set(name)
    conversation_id.set("")
    return name


def end() -> None:
    """No request any more."""
    request_id.set("")
    conversation_id.set("")


def opaque(conversation: str, key: str) -> str:
    """The name of a conversation in logs: twelve hexadecimal digits, the same in every line, of no use elsewhere."""
    return hmac.new(key.encode(), conversation.encode(), hashlib.sha256).hexdigest()[:12]


def headers() -> dict[str, str]:
    """What tells the next process."""
    known = {REQUEST_HEADER: request_id.get(), CONVERSATION_HEADER: conversation_id.get()}
    return {name: value for name, value in known.items() if value}


def take_over(given: Mapping[str, str]) -> None:
    """Go on with what another process sent; anything else than a name is left out."""
    for name, variable in ((REQUEST_HEADER, request_id), (CONVERSATION_HEADER, conversation_id)):
        value = given.get(name) or given.get(name.lower()) or ""
        variable.set(value if _NAME.fullmatch(value) else "")


def alone() -> Context:
    """A new context that knows the request and nothing else."""
    context = Context()
    context.run(request_id.set, request_id.get())
    context.run(conversation_id.set, conversation_id.get())
    return context
