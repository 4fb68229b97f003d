"""The answer on the privacy of the chat says what the software does, as it is set."""

from __future__ import annotations

import pytest

from shared.content import topics
from shared.keeping import Keeping
from web.config import Config
from web.privacy.asking import language_of


def said() -> str:
    """The answer, with the settings of this process in it."""
    text = topics()["chat_privacy"].wording.text
    for name, value in Keeping().variables().items():
        text = text.replace(f"{{{name}}}", value)
    return " ".join(text.split())


def test_it_says_how_long_things_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same settings that the worker enforces."""
    assert "90 days after your last message, a request until 30 days after it was closed" in said()
    monkeypatch.setenv("RETENTION_DAYS", "45")
    monkeypatch.setenv("REQUEST_RETENTION_DAYS", "1")
    monkeypatch.setenv("BACKUP_DAYS", "0")
    assert "45 days after your last message, a request until one day after it was closed" in said()
    assert "ackup" not in said()
    enforced = Config()
    assert (enforced.retention_days, enforced.request_retention_days, enforced.backup_days) == (45, 1, 0)


def test_the_settings_have_the_same_defaults_and_limits_everywhere() -> None:
    """What one process enforces another tells."""
    for name, field in Keeping.model_fields.items():
        assert Config.model_fields[name].default == field.default
        assert Config.model_fields[name].metadata == field.metadata


def test_what_it_tells_to_write_deletes() -> None:
    """The words it quotes are understood."""
    assert '"delete my data"' in said()
    assert language_of("delete my data") == "en"


def test_it_promises_no_confidentiality() -> None:
    """Staff read the chat, and Meta carries it."""
    for words in ("I can't promise that it is private", "staff of the clinic can read", "Meta carries"):
        assert words in said()
    assert "HIPAA" not in said()
