"""The session token: the conversation's id, signed by the server, expiring."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core import signing
from django.utils import timezone

from web.config import config

_SALT = "website.session"


class TokenError(Exception):
    """The token can't be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def issue(conversation: uuid.UUID) -> tuple[str, datetime]:
    """A token for a conversation, and when it expires."""
    token = signing.TimestampSigner(salt=_SALT).sign(conversation.hex)
    return token, timezone.now() + _lifetime()


def conversation_of(token: str) -> uuid.UUID:
    """The conversation a token is for.

    Raises:
        TokenError: `token_expired`, or `token_invalid` when it is forged, foreign or no token at all.
    """
    try:
        return uuid.UUID(hex=signing.TimestampSigner(salt=_SALT).unsign(token, max_age=_lifetime()))
    except signing.SignatureExpired as error:
        raise TokenError("token_expired") from error
    except (signing.BadSignature, ValueError) as error:
        raise TokenError("token_invalid") from error


def _lifetime() -> timedelta:
    return timedelta(days=config().session_days)
