"""What stands encrypted in the database: contact details, and the ids by which Messenger and WhatsApp know a visitor.

`DATA_KEYS` has one key or several. The first encrypts; all of them decrypt, so that a new key can be put before the old
one at any time. `python -m web keys rotate` then encrypts everything anew, and the old key can go.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from web.config import config

_KEY_BYTES = 32


class Unreadable(InvalidToken):
    """A stored value was encrypted with a key that `DATA_KEYS` does not have."""

    def __init__(self) -> None:
        super().__init__("DATA_KEYS lacks the key of a stored value. Put the earlier key back, behind the new one.")


def encrypted(value: str) -> str:
    """Only `decrypted` can read it."""
    return _cipher(*_secrets()).encrypt(value.encode()).decode()


def decrypted(token: str) -> str:
    """What was encrypted.

    Raises:
        Unreadable: no key fits.
    """
    try:
        return _cipher(*_secrets()).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def is_current(token: str) -> bool:
    """Whether the first key encrypted it."""
    keys, _ = _secrets()
    try:
        _fernet(keys[0], "privacy.data").decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def _secrets() -> tuple[tuple[str, ...], str]:
    return config().data_key_list, config().secret_key.get_secret_value()


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...], secret_key: str) -> MultiFernet:
    # The last one encrypted the channels' ids before there were keys for data.
    return MultiFernet([*(_fernet(key, "privacy.data") for key in keys), _fernet(secret_key, "channels.encryption")])


@lru_cache(maxsize=16)
def _fernet(secret: str, purpose: str) -> Fernet:
    key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose.encode()).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
