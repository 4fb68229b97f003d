"""A pytest plugin: this machine's PostgreSQL, and a database of its own for a test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

LOCAL = ("postgres://postgres@127.0.0.1:5432/test", "postgres://root@127.0.0.1:5432/test")


@pytest.fixture(scope="session")
def postgresql() -> str:
    """The server that `DATABASE_URL` names, else the one of this machine; skips the test when neither answers."""
    named = os.environ.get("DATABASE_URL", "")
    for url in (named,) if urlsplit(named).scheme in ("postgres", "postgresql") else LOCAL:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            continue
        return url
    pytest.skip("no PostgreSQL: set DATABASE_URL=postgres://..., or start one on 127.0.0.1:5432")


@pytest.fixture
def new_database(postgresql: str) -> Iterator[str]:
    """The address of a new, empty database, gone after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield urlunsplit(urlsplit(postgresql)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
