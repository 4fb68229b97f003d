"""Ids of visitors and of their messages: a keyed hash to find them by, and the id itself encrypted, to send to.

The hash is keyed with `SECRET_KEY`; `DATA_KEYS` encrypt. A WhatsApp message's id holds the visitor's phone number, so
it is treated alike.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from web.config import config
from web.privacy.encryption import decrypted, encrypted

__all__ = ["decrypted", "encrypted", "hashed"]

_KEY_BYTES = 32


@lru_cache(maxsize=8)
def _key(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"channels.{purpose}".encode()).derive(secret.encode())


def _own_key(purpose: str) -> bytes:
    return _key(config().secret_key.get_secret_value(), purpose)


def hashed(kind: str, value: str) -> str:
    """A keyed hash in hexadecimal, 64 characters. The same value of another kind (`user`, `message` ...) differs."""
    return hmac.new(_own_key("hash"), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
