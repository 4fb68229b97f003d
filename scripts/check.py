"""`python -m scripts.check`: what can be judged without a model: format, lint, types, content, data, stories.

Runs all of it, whatever fails, and says at the end what did.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Check:
    """One judgement: its heading, and the command whose exit status gives it."""

    heading: str
    command: tuple[str, ...]


def _module(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


CHECKS = (
    Check("Format", _module("ruff", "format", "--check", ".")),
    Check("Lint", _module("ruff", "check", ".")),
    Check("Types", _module("mypy")),
    Check("Types of the widget", _module("scripts.widget_types")),
    Check("Content: topics, replies, never-claims", _module("scripts.lint_content")),
    Check("Judging questions: none among the examples", _module("scripts.near_duplicates")),
    Check("Rasa: data and conversations", _module("scripts.rasa_data")),
)


def run(checks: Sequence[Check], folder: Path = ROOT) -> list[str]:
    """Run every check; the headings of those that failed."""
    failed = []
    for check in checks:
        print(f"\n== {check.heading} ==", flush=True)
        started = time.monotonic()
        done = subprocess.run(check.command, cwd=folder, check=False)
        if done.returncode != 0:
            failed.append(check.heading)
        print(f"-- {'failed' if done.returncode else 'passed'} in {time.monotonic() - started:.0f} s", flush=True)
    return failed


def main() -> None:
    failed = run(CHECKS)
    print()
    if failed:
        sys.exit("Failed: " + "; ".join(failed))
    print("Every check passed.")


if __name__ == "__main__":
    main()
