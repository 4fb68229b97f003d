"""`python -m evaluation.console`: the console with 1,000,000 messages on PostgreSQL and 100,000 on SQLite.

Each database is made anew, filled and thrown away; one named with `--database` stays. The figures go into
docs/benchmarks.md; on PostgreSQL the command fails when a page is slower than `TARGET_MS` at the 95th percentile, or a
query reads a large table as a whole.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from evaluation.console import TARGET_MS, YEAR_TARGET_MS
from evaluation.documents import BENCHMARKS, when_and_where, write_section
from evaluation.faults.postgres import Postgres, programs

SECTION = "console"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", type=int, default=1_000_000, help="messages on PostgreSQL; 0 leaves it out")
    parser.add_argument("--sqlite", type=int, default=100_000, help="messages on SQLite; 0 leaves it out")
    parser.add_argument("--database", help="an empty PostgreSQL database, in place of a server made for it")
    asked = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.postgres:
            make = _measured(asked.database, asked.postgres) if asked.database else _on_postgres(folder, asked.postgres)
            found["PostgreSQL"] = make
        if asked.sqlite:
            found["SQLite"] = _measured(f"sqlite:///{folder / 'bench.sqlite3'}", asked.sqlite)
    section = _section(found)
    print(section)
    write_section(BENCHMARKS, SECTION, section)
    problems = _problems(found.get("PostgreSQL"))
    if problems:
        sys.exit("\n".join(problems))


def _on_postgres(folder: Path, messages: int) -> dict[str, Any]:
    installed = programs()
    if installed is None:
        sys.exit("PostgreSQL is not installed: `apt-get install postgresql` brings it, `--postgres 0` leaves it out.")
    cluster = Postgres(folder, installed)
    cluster.start()
    try:
        return _measured(cluster.url, messages)
    finally:
        cluster.stop()


def _measured(url: str, messages: int) -> dict[str, Any]:
    """Filled and measured in a process of its own: Django knows one database."""
    environment = {**os.environ, "DATABASE_URL": url, "ENVIRONMENT": "development", "STAFF_SECOND_FACTOR": "False"}
    environment["DJANGO_SETTINGS_MODULE"] = "web.settings"
    command = [sys.executable, "-m", "evaluation.console.run", str(messages)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _problems(found: dict[str, Any] | None) -> list[str]:
    problems = []
    for case in found["cases"] if found else []:
        if case["p95"] > case["target"]:
            problems.append(f"{case['name']}: p95 {case['p95']:.0f} ms, and {case['target']} are allowed")
        if case["scans"]:
            problems.append(f"{case['name']}: reads all of {', '.join(case['scans'])}")
    return problems


def _section(found: dict[str, dict[str, Any]]) -> str:
    parts = [
        "## The console",
        f"`make console-bench`, {when_and_where()}, load {os.getloadavg()[0]:.0f}. A whole page each time, from the "
        "request to the last byte, in one process: login, rights, queries, template. Milliseconds. No page may take "
        f"more than {TARGET_MS} ms at the 95th percentile on PostgreSQL, a year's figures {YEAR_TARGET_MS}, and no "
        "query may read a large table as a whole.",
    ]
    for name, result in found.items():
        parts.append(
            f"### {name}: {result['messages']:,} messages in {result['conversations']:,} conversations"
            + (f", made in {result['filled']:.0f} s" if result["filled"] > 1 else "")
            + (
                f", counted for the figures ({result['days']:,} days) in {result['counted']:.0f} s"
                if result["days"]
                else ""
            )
        )
        rows = ["| page | p50 | p95 | most | queries | read as a whole |", "| --- | --- | --- | --- | --- | --- |"]
        for case in result["cases"]:
            scans = ", ".join(case["scans"]) or "nothing"
            rows.append(
                f"| {case['name']} | {case['p50']:.0f} | {case['p95']:.0f} | {case['most']:.0f} | {case['queries']} | "
                f"{scans} |"
            )
        parts.append("\n".join(rows))
        indexes = sorted({index for case in result["cases"] for index in case["indexes"]})
        parts.append(f"Read by: {', '.join(f'`{index}`' for index in indexes)}.")
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
