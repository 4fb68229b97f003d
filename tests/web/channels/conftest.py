"""Both channels set up, and a Graph API that does as it is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from evaluation.meta import payloads
from evaluation.meta.payloads import Someone
from evaluation.meta.simulator import APP_SECRET, TOKEN, VERIFY_TOKEN
from tests.web.channels.support import FakeGraph
from web.channels import graph
from web.config import Config


@pytest.fixture(autouse=True)
def _channels_are_on(settings_of_web: Config) -> None:
    """The simulated Meta's numbers and keys."""
    settings_of_web.meta_app_id = payloads.APP_ID
    settings_of_web.meta_app_secret = SecretStr(APP_SECRET)
    settings_of_web.meta_verify_token = SecretStr(VERIFY_TOKEN)
    settings_of_web.messenger_page_id = payloads.PAGE_ID
    settings_of_web.messenger_page_token = SecretStr(TOKEN)
    settings_of_web.whatsapp_phone_number_id = payloads.PHONE_NUMBER_ID
    settings_of_web.whatsapp_token = SecretStr(TOKEN)


@pytest.fixture
def fake_graph(monkeypatch: pytest.MonkeyPatch) -> FakeGraph:
    """What the product sends to Meta."""
    fake = FakeGraph()

    def client(token: str, **more: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(fake), params=graph.proof(token), **more)

    monkeypatch.setattr(graph, "new_client", client)
    return fake


@pytest.fixture(params=["whatsapp", "messenger"])
def who(request: pytest.FixtureRequest) -> Someone:
    """A visitor of each channel."""
    return Someone.number(request.param, 7)
