"""A web process with a made-up clinic and a Rasa that does as it is told."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connections

from tests.conftest import CLINIC, WriteClinic
from tests.web.support import FakeRasa, Visitor, exchange_with
from web import rasa as rasa_module
from web.asgi import application
from web.config import Config, config
from web.content.signing import forget_signed_topics

NewVisitor = Callable[..., Awaitable[Visitor]]


@pytest.fixture(autouse=True)
def _clinic(write_clinic: WriteClinic) -> Path:
    return write_clinic(CLINIC)


@pytest.fixture(autouse=True)
def _no_counts() -> Iterator[None]:
    """Each test starts with no one over a limit."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _no_signed_topics() -> None:
    """No test knows the signatures of another."""
    forget_signed_topics()


@pytest.fixture
def settings_of_web(monkeypatch: pytest.MonkeyPatch) -> Config:
    """This process's own settings, put back after the test."""
    own = config().model_copy()
    for name in Config.model_fields:
        monkeypatch.setattr(config(), name, getattr(own, name))
    return config()


@pytest.fixture
def rasa(monkeypatch: pytest.MonkeyPatch) -> FakeRasa:
    """Rasa, and every other server that web calls."""
    fake = FakeRasa()
    monkeypatch.setattr(rasa_module, "_exchange", exchange_with(fake))
    return fake


@pytest_asyncio.fixture
async def database(transactional_db: None) -> AsyncIterator[None]:
    """A database that several threads use at once; the test's own connection is closed, so that it can be dropped."""
    yield
    await sync_to_async(connections.close_all)()


@pytest_asyncio.fixture
async def http(database: None, rasa: FakeRasa) -> AsyncIterator[httpx.AsyncClient]:
    """The public process over ASGI, as a server calls it: each request has its own thread and connection."""
    transport = httpx.ASGITransport(application, client=("203.0.113.7", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def new_visitor(http: httpx.AsyncClient) -> NewVisitor:
    """Another visitor, with a session."""

    async def new(**body: object) -> Visitor:
        visitor = Visitor(http)
        await visitor.start(**body)
        return visitor

    return new


@pytest_asyncio.fixture
async def visitor(new_visitor: NewVisitor) -> Visitor:
    """A visitor with a session."""
    return await new_visitor()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the configured handler really writes, errors and all."""
    written = io.StringIO()
    (handler,) = (one for one in logging.getLogger().handlers if one.name == "stderr")
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    yield written
    handler.setStream(before)
