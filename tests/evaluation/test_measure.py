"""The measuring: what counts as a package for running, and how times are put together."""

from __future__ import annotations

import os
from typing import Any

import pytest

from evaluation.measure import installed_bytes, locked_closure, memory_bytes, percentiles

LOCK: dict[str, Any] = {
    "package": [
        {"name": "project", "dependencies": [{"name": "server", "extra": ["fast"]}]},
        {
            "name": "server",
            "dependencies": [{"name": "core"}],
            "optional-dependencies": {"fast": [{"name": "loop"}], "slow": [{"name": "wait"}]},
        },
        {"name": "core", "dependencies": [{"name": "server"}]},
        {"name": "loop"},
        {"name": "wait"},
        {"name": "tester"},
    ]
}


def test_closure_follows_dependencies_and_asked_extras() -> None:
    """What a dependency brings counts, an extra nobody asked for does not, and a circle ends."""
    assert locked_closure(LOCK, [{"name": "server", "extra": ["fast"]}]) == {"server", "core", "loop"}


def test_closure_leaves_out_what_the_lock_does_not_hold() -> None:
    """A name that is not locked is not counted."""
    assert locked_closure(LOCK, [{"name": "elsewhere"}]) == set()


def test_sizes_of_packages() -> None:
    """An installed package has a size, one that is not installed has none."""
    assert installed_bytes({"no-such-package-at-all"}) == 0
    assert installed_bytes({"pydantic"}) > 100_000


def test_memory_of_a_process() -> None:
    """This process takes more than nothing."""
    assert memory_bytes(os.getpid()) > 1_000_000


@pytest.mark.parametrize(
    ("spent", "expected"), [([10.0], "p50 10 ms, p95 10 ms"), ([float(n) for n in range(101)], "p50 50 ms, p95 95 ms")]
)
def test_percentiles(spent: list[float], expected: str) -> None:
    """The middle, and the time that 95 of 100 messages keep within."""
    assert percentiles(spent) == expected
