"""`channels check` says what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from pydantic import SecretStr

from evaluation.meta.payloads import APP_ID, BUSINESS_ACCOUNT_ID
from evaluation.meta.simulator import Meta
from evaluation.ports import free_port
from web.channels import check
from web.config import Config
from web.worker import beat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meta(settings_of_web: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meta]:
    """A simulated Meta that is told our address; web itself answers as it should."""
    simulated = Meta(web="https://chat.clinic.example")
    settings_of_web.graph_url, settings_of_web.public_url = simulated.url, "https://chat.clinic.example"
    settings_of_web.whatsapp_business_account_id = BUSINESS_ACCOUNT_ID
    get = httpx.get

    def get_through_web(url: str, **more: object) -> httpx.Response:
        if not url.startswith("https://chat.clinic.example"):
            return get(url, **more)  # type: ignore[arg-type]
        params = more["params"]
        assert isinstance(params, dict)
        is_right = params["hub.verify_token"] == settings_of_web.meta_verify_token.get_secret_value()
        return httpx.Response(200, text=params["hub.challenge"]) if is_right else httpx.Response(403)

    monkeypatch.setattr(check.httpx, "get", get_through_web)
    monkeypatch.setattr(check.httpx, "post", lambda *_, **__: httpx.Response(401))
    monkeypatch.setattr(check, "_certificate", lambda: iter(()))
    yield simulated
    simulated.shutdown()
    simulated.server_close()


def failed() -> dict[str, str]:
    """What is not well, and what is said of it."""
    return {finding.what: finding.says for finding in check.findings() if not finding.is_well}


async def test_all_is_well(meta: Meta) -> None:
    """Keys, fields, subscriptions, addresses and the worker."""
    await beat()
    assert await sync_to_async(failed)() == {}


@pytest.mark.usefixtures("meta")
def test_without_a_worker_nothing_is_answered() -> None:
    """It names the command."""
    assert "python -m web worker" in failed()["Worker"]


def test_a_key_that_is_not_valid(meta: Meta, settings_of_web: Config) -> None:
    """By the name of its setting."""
    settings_of_web.whatsapp_token = SecretStr("old")
    said = failed()
    assert "WHATSAPP_TOKEN is not valid" in said["WhatsApp key"]
    assert "190" in said["WhatsApp account"]
    assert "Messenger key" not in said


@pytest.mark.usefixtures("meta")
def test_a_callback_url_of_another_address(settings_of_web: Config) -> None:
    """Both addresses are named."""
    settings_of_web.public_url = "https://other.example"
    assert "Set it to https://other.example/webhooks/messenger" in failed()["Messenger webhook fields"]


@pytest.mark.usefixtures("meta")
def test_an_address_that_anyone_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that answers for web would swallow every message."""
    monkeypatch.setattr(check.httpx, "post", lambda *_, **__: httpx.Response(200))
    assert "that no one signed" in failed()["WhatsApp webhook address"]


def test_no_one_answers(settings_of_web: Config) -> None:
    """Meta and web out of reach are told, each by its address."""
    settings_of_web.graph_url = settings_of_web.public_url = f"http://127.0.0.1:{free_port()}"
    settings_of_web.meta_app_id = APP_ID
    said = failed()
    assert "no answer from" in said["WhatsApp account"]
    assert "Is web running" in said["Messenger webhook address"]


def test_the_command_fails_when_something_is_to_be_put_right(
    settings_of_web: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """For scripts; and with nothing set up it says so."""
    settings_of_web.graph_url = settings_of_web.public_url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(CommandError, match="to put right"):
        call_command("channels", "check")
    assert "FAIL WhatsApp account" in capsys.readouterr().out
    settings_of_web.whatsapp_phone_number_id = settings_of_web.messenger_page_id = ""
    with pytest.raises(CommandError, match=r"docs/channels\.md"):
        call_command("channels", "check")
