"""The web process's settings: strict in production, all problems at once, no secret in a message."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from web.config import DEVELOPMENT_SECRET, ROOT, Config

LONG = "0123456789abcdef0123456789abcdef"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": LONG,
    "GATEWAY_SECRET": LONG[::-1],
    "RECORD_KEY": LONG[16:] + LONG[:16],
    "DATA_KEYS": LONG[8:] + LONG[:8],
    "PUBLIC_URL": "https://chat.clinic.example/",
    "ALLOWED_HOSTS": "chat.clinic.example, www.clinic.example",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def config_of(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Config:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Config()


def test_development_needs_no_settings() -> None:
    """A clone runs as it is, and serves this machine alone."""
    known = Config()
    assert (known.is_production, known.web_host, known.public_url) == (False, "127.0.0.1", "http://localhost:8000")


def test_production_takes_complete_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are split at commas; the address has no slash at its end."""
    known = config_of(monkeypatch, PRODUCTION)
    assert known.is_production is True
    assert known.public_url == "https://chat.clinic.example"
    assert known.allowed_hosts == ["chat.clinic.example", "www.clinic.example"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", DEVELOPMENT_SECRET),
        ("SECRET_KEY", "x" * 31),
        ("GATEWAY_SECRET", None),
        ("GATEWAY_SECRET", ""),
        ("RECORD_KEY", None),
        ("DATA_KEYS", None),
        ("DATA_KEYS", f"{LONG},short"),
        ("DATA_KEYS", f"{LONG},"),
        ("PUBLIC_URL", None),
        ("PUBLIC_URL", "http://chat.clinic.example"),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", " , "),
    ],
)
def test_production_refuses_what_is_missing_or_weak(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    """The message names the setting, and no secret."""
    environment = {key: text for key, text in (PRODUCTION | {name: value}).items() if text is not None}
    with pytest.raises(ValidationError) as caught:
        config_of(monkeypatch, environment)
    (problem,) = caught.value.errors()
    assert problem["loc"] == (name.lower(),)
    assert "must be set outside development" in problem["msg"]
    assert (value or LONG) not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("WEB_PORT", "http"),
        ("TRUSTED_PROXIES", "-1"),
        ("RASA_TIMEOUT_SECONDS", "0"),
        ("RASA_TIMEOUT_SECONDS", "61"),
        ("SESSION_DAYS", "0"),
        ("MESSAGES_PER_MINUTE_PER_SESSION", "0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A limit of nothing, a port that is a word: refused by name."""
    with pytest.raises(ValidationError) as caught:
        config_of(monkeypatch, {name: value})
    assert [problem["loc"] for problem in caught.value.errors()] == [(name.lower(),)]


def serve(environment: dict[str, str]) -> tuple[int, str]:
    """What `python -m web` says when it can't start."""
    kept: dict[str, Any] = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "web", "check"],
        cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_the_process_tells_all_problems_at_once() -> None:
    """One start, one list: no traceback, no second round, whatever kind of problem each is."""
    code, said = serve({"ENVIRONMENT": "production", "SECRET_KEY": "too-short", "WEB_PORT": "http"})
    assert code == 1
    for name in ("SECRET_KEY", "GATEWAY_SECRET", "PUBLIC_URL", "ALLOWED_HOSTS", "WEB_PORT"):
        assert name in said
    assert "too-short" not in said
    assert "Traceback" not in said


def test_the_process_tells_what_is_wrong_with_the_clinics_file(tmp_path: Any) -> None:
    """A broken `clinic.yml` stops the start with file, line and what to do."""
    path = tmp_path / "clinic.yml"
    path.write_text("phone: 5\n")
    assert serve({"CLINIC_FILE": str(path)}) == (
        1, f"{path}, line 1: phone: is not text. Put it in quotes, or write null if it is not known.\n",
    )  # fmt: skip


@pytest.mark.parametrize("origin", ["clinic.example", "https://clinic.example/", "https://Clinic.example", "*", "null"])
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    """A wrong one would never match a browser's, and the chat would be silent on that site."""
    monkeypatch.setenv("WIDGET_ORIGINS", f"https://www.clinic.example,{origin}")
    with pytest.raises(ValidationError, match="is not an origin"):
        Config()


CHANNELS = {
    "MESSENGER_PAGE_ID": "174653981001",
    "MESSENGER_PAGE_TOKEN": "page-token",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "WHATSAPP_TOKEN": "number-token",
    "META_APP_SECRET": "app-secret",
    "META_VERIFY_TOKEN": "verify-token",
}


def test_channels_are_off_until_they_are_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by itself."""
    assert (Config().has_messenger, Config().has_whatsapp) == (False, False)
    known = config_of(monkeypatch, CHANNELS)
    assert (known.has_messenger, known.has_whatsapp) == (True, True)


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("MESSENGER_PAGE_ID", "messenger_page_token"),
        ("MESSENGER_PAGE_TOKEN", "messenger_page_token"),
        ("WHATSAPP_PHONE_NUMBER_ID", "whatsapp_token"),
        ("WHATSAPP_TOKEN", "whatsapp_token"),
        ("META_APP_SECRET", "meta_app_secret"),
        ("META_VERIFY_TOKEN", "meta_verify_token"),
    ],
)
def test_half_a_channel_is_refused(monkeypatch: pytest.MonkeyPatch, missing: str, named: str) -> None:
    """The message says what is missing and quotes no key."""
    with pytest.raises(ValidationError, match=r"docs/channels\.md") as caught:
        config_of(monkeypatch, {name: value for name, value in CHANNELS.items() if name != missing})
    assert [problem["loc"] for problem in caught.value.errors()] == [(named,)]
    assert [value for value in CHANNELS.values() if value in str(caught.value)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("META_APP_ID", "my app"), ("WHATSAPP_PHONE_NUMBER_ID", "+1 310 555 0100"), ("GRAPH_VERSION", "26")],
)
def test_what_is_no_number_of_meta_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A phone number is not its id."""
    with pytest.raises(ValidationError):
        config_of(monkeypatch, CHANNELS | {name: value})


def test_the_simulator_is_for_development(monkeypatch: pytest.MonkeyPatch) -> None:
    """In production keys and visitors' ids go to Meta alone."""
    with pytest.raises(ValidationError, match="simulator"):
        config_of(monkeypatch, PRODUCTION | {"GRAPH_URL": "https://graph.example"})
