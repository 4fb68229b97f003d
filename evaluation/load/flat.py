"""Whether a turn costs the same at the tenth and the thousandth message, with 10,000 messages stored and a million."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np

from evaluation.load.side import ours
from evaluation.measure import _questions

TURNS = (10, 100, 1000)
STORED = (10_000, 1_000_000)
_WINDOW = 20
_EACH = 100


def table(folder: Path) -> str:
    """Both tables' rows: the median and the 95th percentile of the turns around each point."""
    lines = ["| | p50 | p95 |", "| --- | --- | --- |"]
    with ours(folder) as side:
        texts = _questions(100)
        with httpx.Client(base_url=side.url, timeout=60, trust_env=False) as client:
            for what, spent in _rows(client, _answered(client, texts), folder / "web.sqlite3"):
                lines.append(f"| {what} | {np.percentile(spent, 50):.0f} | {np.percentile(spent, 95):.0f} |")
                print(lines[-1], flush=True)
    return "\n".join(lines)


def _rows(client: httpx.Client, texts: list[str], database: Path) -> Iterator[tuple[str, list[float]]]:
    _talk(client, texts, 40)
    spent = _talk(client, texts, max(TURNS))
    for turn in TURNS:
        first = max(0, turn - _WINDOW)
        yield f"turns {first + 1} to {turn} of a conversation", spent[first:turn]
    for number in STORED:
        fill(database, number)
        yield f"{number:,} messages stored", _talk(client, texts, _EACH)


def _answered(client: httpx.Client, texts: list[str]) -> list[str]:
    """As many questions as a window has that are simply answered: a call-back request under way makes a turn dearer,
    whatever the conversation's length."""
    found = []
    for text in texts:
        token = client.post("/api/chat/sessions", json={}).raise_for_status().json()["token"]
        body = {"client_message_id": "1", "text": text}
        response = client.post("/api/chat/messages", json=body, headers={"Authorization": f"Bearer {token}"})
        if [reply["kind"] for reply in response.raise_for_status().json()["replies"]] == ["answer"]:
            found.append(text)
        if len(found) == _WINDOW:
            return found
    raise SystemExit("Too few of the questions are answered: this table needs a trained model.")


def _talk(client: httpx.Client, texts: list[str], messages: int) -> list[float]:
    token = client.post("/api/chat/sessions", json={}).raise_for_status().json()["token"]
    spent = []
    for number in range(messages):
        body = {"client_message_id": f"flat-{number}", "text": texts[number % len(texts)]}
        started = time.perf_counter()
        response = client.post("/api/chat/messages", json=body, headers={"Authorization": f"Bearer {token}"})
        spent.append((time.perf_counter() - started) * 1000)
        response.raise_for_status()
    return spent


def fill(database: Path, number: int) -> None:
    """Copy what is stored until there are so many messages, each with a reply, ten in a conversation."""
    with contextlib.closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as own:
        own.execute("PRAGMA synchronous=OFF")
        stored = own.execute("SELECT count(*) FROM conversations_message").fetchone()[0]
        missing = number - stored
        if missing <= 0:
            return
        own.execute("BEGIN IMMEDIATE")
        _copy(own, "conversations_conversation", missing // 10 + 1, {"id": "lower(hex(randomblob(16)))"})
        own.execute(
            "CREATE TEMP TABLE new_conversations AS SELECT rowid AS n, id FROM conversations_conversation "
            "ORDER BY rowid DESC LIMIT ?",
            (missing // 10 + 1,),
        )
        own.execute("CREATE TEMP TABLE places AS SELECT row_number() OVER () - 1 AS place, id FROM new_conversations")
        own.execute("CREATE INDEX temp.by_place ON places (place)")
        # Each has been looked at, as it would have been by now: else the worker would catch up on all of them.
        _copy(
            own,
            "review_review",
            missing // 10 + 1,
            {"conversation_id": "(SELECT id FROM places WHERE place = counter.n - 1)"},
        )
        last = own.execute("SELECT max(id) FROM conversations_message").fetchone()[0]
        _copy(
            own,
            "conversations_message",
            missing,
            {
                "id": f"{last} + counter.n",
                "external_id": "'copied-' || counter.n || hex(randomblob(8))",
                "conversation_id": "(SELECT id FROM places WHERE place = counter.n / 10)",
                # Over two years, so that no day has all of them.
                "received_at": "datetime(source.received_at, '-' || (counter.n % 700 + 2) || ' days')",
            },
        )
        _copy(
            own,
            "conversations_reply",
            missing,
            {"id": "lower(hex(randomblob(16)))", "message_id": f"{last} + counter.n", "position": "0"},
        )
        own.execute("COMMIT")
        own.execute("DROP TABLE places")
        own.execute("DROP TABLE new_conversations")


def _copy(own: sqlite3.Connection, table: str, number: int, changed: dict[str, str]) -> None:
    columns = [row[1] for row in own.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(column, f"source.{column}") for column in columns)
    own.execute(
        "WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ?) "  # noqa: S608
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {values} FROM counter, (SELECT * FROM {table} LIMIT 1) AS source",
        (number,),
    )
