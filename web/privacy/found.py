"""A piece of personal data in a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is covered; the value stands between brackets in the masked text."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "e-mail"
    ADDRESS = "address"
    BIRTH = "date of birth"
    INSURANCE = "insurance number"
    CARD = "card number"


@dataclass(frozen=True)
class Found:
    """`text[start:end]`."""

    start: int
    end: int
    kind: Kind
