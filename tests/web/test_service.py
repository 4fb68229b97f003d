"""The turns that matter, on PostgreSQL: many connections, real row locks, a bounded pool."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest

from web.config import ROOT

pytestmark = pytest.mark.service

LOCAL = ("postgres://postgres@127.0.0.1:5432/test", "postgres://root@127.0.0.1:5432/test")
SUITES = (
    "test_turns.py",
    "test_messages.py",
    "test_erasure.py",
    "test_bad_input.py::test_control_characters_are_left_out",
    "test_health.py::test_a_database_without_tables_is_not_well",
)


def postgresql() -> str | None:
    """The server that `DATABASE_URL` names, else the one of this machine; None when neither answers."""
    named = os.environ.get("DATABASE_URL", "")
    urls = (named,) if urlsplit(named).scheme in ("postgres", "postgresql") else LOCAL
    for url in urls:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            continue
        return url
    return None


def test_turns_hold_on_postgresql() -> None:
    """Ten at once in order, the lease, once per id, erasure, more visitors than connections: as on SQLite."""
    url = postgresql()
    if url is None:
        pytest.skip("no PostgreSQL: set DATABASE_URL=postgres://..., or start one on 127.0.0.1:5432")
    suites = [f"{ROOT}/tests/web/{name}" for name in SUITES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *suites],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
