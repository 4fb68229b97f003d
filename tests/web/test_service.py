"""The turns that matter, on PostgreSQL: many connections, real row locks, a bounded pool."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from web.config import ROOT

pytestmark = pytest.mark.service

SUITES = (
    "test_turns.py",
    "test_messages.py",
    "test_erasure.py",
    "test_bad_input.py::test_control_characters_are_left_out",
    "test_health.py::test_a_database_without_tables_is_not_well",
    "review/test_ranking.py",
)


def test_turns_hold_on_postgresql(postgresql: str) -> None:
    """Ten at once in order, the lease, once per id, erasure, more visitors than connections, counting: as on SQLite."""
    suites = [f"{ROOT}/tests/web/{name}" for name in SUITES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *suites],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": postgresql},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
