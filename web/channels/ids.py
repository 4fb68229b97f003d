"""Ids of visitors and of their messages: a keyed hash to find them by, and the id itself encrypted, to send to.

Both keys come from `SECRET_KEY`. A WhatsApp message's id holds the visitor's phone number, so it is treated alike.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from web.config import config

_KEY_BYTES = 32


@lru_cache(maxsize=8)
def _key(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"channels.{purpose}".encode()).derive(secret.encode())


def _own_key(purpose: str) -> bytes:
    return _key(config().secret_key.get_secret_value(), purpose)


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def hashed(kind: str, value: str) -> str:
    """A keyed hash in hexadecimal, 64 characters. The same value of another kind (`user`, `message` ...) differs."""
    return hmac.new(_own_key("hash"), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def encrypted(value: str) -> str:
    """Only `decrypted` can read it."""
    return _cipher(_own_key("encryption")).encrypt(value.encode()).decode()


def decrypted(token: str) -> str:
    """What was encrypted.

    Raises:
        cryptography.fernet.InvalidToken: `SECRET_KEY` is another one now.
    """
    return _cipher(_own_key("encryption")).decrypt(token.encode()).decode()
