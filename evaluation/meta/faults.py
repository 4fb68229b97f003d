"""`python -m evaluation.meta.faults`: many visitors on both channels while the worker is killed, Rasa is away, and the
Graph API errs, refuses, and crashes between accepting and answering. Prints what became of every message.

Ends with an error when a message was lost, taken twice or out of order, or sent twice although our id came back.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from evaluation.faults.postgres import Postgres, programs
from evaluation.faults.product import ROOT, Product
from evaluation.meta import payloads, report
from evaluation.meta.payloads import Someone
from evaluation.meta.simulator import Fault, Meta, settings

QUESTIONS = (
    "does it hurt?", "is there mercury in the ink?", "can I have an MRI afterwards?", "how long does it last?",
    "is it safe?", "what about the sun?", "can I swim after it?", "hello", "thank you", "how many sessions are needed?",
)  # fmt: skip
_THREADS = 20
#: With nothing done for so long, what still waits will never be done.
_QUIET_SECONDS = 420


@dataclass(frozen=True)
class Size:
    """How much is tried. `span` is the time in seconds in which the messages are sent."""

    visitors: int
    messages_each: int
    span: float

    @property
    def messages(self) -> int:
        return self.visitors * self.messages_each


FULL, QUICK = Size(200, 10, 150.0), Size(24, 5, 18.0)


@dataclass
class Outcome:
    """What became of it all."""

    database: str
    workers: int
    size: Size
    kills: int = 0
    received_once: int = 0
    in_order: int = 0
    answered_in_order: int = 0
    lost: int = 0
    handled_twice: int = 0
    doubled: int = 0
    doubled_in_the_dark: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        n = self.size
        is_all_there = self.received_once == n.messages and self.lost == 0
        is_ordered = self.in_order == self.answered_in_order == n.visitors
        return is_all_there and is_ordered and self.doubled == self.handled_twice == 0

    def row(self) -> tuple[str, ...]:
        ordered = sorted(self.latencies)
        p95 = ordered[int(len(ordered) * 0.95)]
        n = self.size
        return (
            f"{self.database}, {self.workers} worker{'s' if self.workers > 1 else ''}",
            f"{n.messages} of {n.visitors} visitors in {self.seconds:.0f} s",
            ", ".join(
                [f"{self.kills} kills", *(f"{count} times {name}" for name, count in sorted(self.faults.items()))]
            ),
            f"{self.received_once}",
            f"{self.in_order} / {self.answered_in_order}",
            f"{self.lost}",
            f"{self.handled_twice}",
            f"{self.doubled}",
            f"{self.doubled_in_the_dark}",
            f"{statistics.median(ordered) * 1000:.0f} / {p95 * 1000:.0f} / {ordered[-1] * 1000:.0f} of {len(ordered)}",
        )


HEAD = (
    "database", "messages", "faults", "received once", "visitors in order, in / out", "lost", "handled twice",
    "sent twice, our id came back", "sent twice, it never came", "webhook acknowledged, ms median / p95 / longest",
)  # fmt: skip


class Faults:
    """What the simulated Graph API does, by chance and in spells."""

    def __init__(self, seed: int, span: float) -> None:
        self._random = random.Random(seed)  # noqa: S311 (chance of a test, no secret)
        self._started = time.monotonic()
        self._spells: list[tuple[float, float, Fault]] = [
            (span * 0.2, span * 0.2 + 4, "429"),
            (span * 0.55, span * 0.55 + 5, "500"),
        ]
        self.is_over = False
        self.lock = threading.Lock()
        self.given: Counter[str] = Counter()

    def __call__(self, channel: str, key: str) -> Fault:
        fault = self._chance()
        with self.lock:
            if fault:
                self.given[_NAMES[fault]] += 1
        return fault

    def _chance(self) -> Fault:
        if self.is_over:
            return ""
        at = time.monotonic() - self._started
        for begin, end, fault in self._spells:
            if begin <= at < end:
                return fault
        with self.lock:
            chance = self._random.random()
        for limit, fault in _CHANCES:
            if chance < limit:
                return fault
        return ""


_CHANCES: tuple[tuple[float, Fault], ...] = (
    (0.02, "500"), (0.022, "429"), (0.045, "crash"), (0.055, "unreadable"), (0.06, "hide"),
)  # fmt: skip
_NAMES: dict[Fault, str] = {
    "500": "error 500",
    "429": "error 429",
    "crash": "crash after accepting",
    "unreadable": "502 after accepting",
    "hide": "crash after accepting, nothing reported",
}


def said(visitor: int, place: int) -> str:
    """A message that can be told from all others."""
    return f"{QUESTIONS[(visitor + place) % len(QUESTIONS)]} [{visitor}.{place}]"


def _send_all(meta: Meta, size: Size) -> None:
    """Every visitor's messages, each after the one before it was acknowledged."""
    wait = size.span / size.messages_each
    everyone = [Someone.number("whatsapp" if number % 2 else "messenger", number) for number in range(size.visitors)]

    def theirs(part: int) -> None:
        chance = random.Random(part)  # noqa: S311 (chance of a test, no secret)
        mine = list(range(part, size.visitors, _THREADS))
        with httpx.Client(trust_env=False) as client:
            for place in range(size.messages_each):
                for number in mine:
                    _send_one(meta, client, everyone[number], said(number, place))
                    time.sleep(chance.uniform(0.5, 1.5) * wait / len(mine))

    threads = [threading.Thread(target=theirs, args=(part,)) for part in range(min(_THREADS, size.visitors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _send_one(meta: Meta, client: httpx.Client, who: Someone, text: str) -> None:
    body = payloads.text(who, text)
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if meta.deliver(who.channel, body, client).status_code == 200:
                return
        time.sleep(1)


@contextlib.contextmanager
def _killing(product: Product, workers: list[str], outcome: Outcome) -> Iterator[None]:
    """The workers are killed, one after another, every few seconds, and started again at once."""
    stop = threading.Event()

    def kill() -> None:
        chance = random.Random(1)  # noqa: S311 (chance of a test, no secret)
        place = 0
        while not stop.wait(chance.uniform(4, 7)):
            name = workers[place % len(workers)]
            place += 1
            product.kill(name)
            product.start(name)
            outcome.kills += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _rasa_goes_away(product: Product, size: Size) -> None:
    time.sleep(size.span * 0.35)
    product.kill("rasa")
    time.sleep(size.span * 0.1)
    product.start("rasa")


def _waiting(product: Product) -> dict[str, int]:
    """What is not finished."""
    counts = {
        "webhooks": "SELECT count(*) FROM channels_webhook",
        "messages": "SELECT count(*) FROM conversations_message WHERE state IN ('received', 'failed')",
        "deliveries": "SELECT count(*) FROM channels_delivery WHERE state IN ('waiting', 'sending')",
    }
    return {name: int(product.rows(statement)[0][0]) for name, statement in counts.items()}


def _is_quiet(product: Product, meta: Meta) -> bool:
    return meta.is_quiet and not any(_waiting(product).values())


def run(database: str, workers: int, size: Size, folder: Path, postgres: Postgres | None = None) -> Outcome:
    """Play it all once on one database."""
    outcome = Outcome(database, workers, size)
    meta = Meta()
    product = Product(folder, ROOT / "models", postgres)
    product.environment |= settings(meta.url) | {"RASA_TIMEOUT_SECONDS": "5"}
    meta.web = str(product.http.base_url).rstrip("/")
    names = ["worker", *(f"worker{number}" for number in range(2, workers + 1))]
    try:
        product.migrate()
        product.start("actions", "rasa", "web", *names)
        product.wait_for("database", "rasa", "actions", "worker")
        started = time.monotonic()
        faults = Faults(7, size.span)
        meta.fault = faults
        away = threading.Thread(target=_rasa_goes_away, args=(product, size))
        with _killing(product, names, outcome):
            away.start()
            _send_all(meta, size)
            away.join()
        faults.is_over = True
        _wait_until_quiet(product, meta)
        outcome.seconds = time.monotonic() - started
        outcome.faults = faults.given
        outcome.latencies = meta.latencies
        _judge(product, meta, outcome)
    finally:
        product.close()
        meta.shutdown()
        meta.server_close()
    return outcome


def _wait_until_quiet(product: Product, meta: Meta) -> None:
    """Wait for as long as it gets on: what still waits on a slow machine is not lost."""
    last = _waiting(product)
    deadline = time.monotonic() + _QUIET_SECONDS
    while not _is_quiet(product, meta):
        now = _waiting(product)
        if now != last:
            last, deadline = now, time.monotonic() + _QUIET_SECONDS
        if time.monotonic() >= deadline:
            print(f"Not finished, and nothing happens any more: {now}", file=sys.stderr)
            return
        time.sleep(0.5)


def _judge(product: Product, meta: Meta, outcome: Outcome) -> None:
    rows = product.rows("SELECT id, conversation_id, text FROM conversations_message ORDER BY id")
    expected = [
        [said(number, place) for place in range(outcome.size.messages_each)] for number in range(outcome.size.visitors)
    ]
    times = Counter(text for _, _, text in rows)
    outcome.received_once = sum(times[text] == 1 for theirs in expected for text in theirs)
    by_conversation: dict[object, list[str]] = defaultdict(list)
    for _, conversation, text in rows:
        by_conversation[conversation].append(text)
    outcome.in_order = sum(theirs in expected for theirs in by_conversation.values())
    _judge_sent(product, meta, outcome, {identity: str(conversation) for identity, conversation, _ in rows})
    outcome.handled_twice = _handled_twice(product)


def _judge_sent(product: Product, meta: Meta, outcome: Outcome, conversation_of: dict[int, str]) -> None:
    statement = (
        "SELECT d.key, d.message_id, d.id, r.kind FROM channels_delivery d "
        "LEFT JOIN conversations_reply r ON r.id = d.reply_id"
    )
    known = {str(key).replace("-", ""): (message, place, kind) for key, message, place, kind in product.rows(statement)}
    answered: set[int] = set()
    shown: dict[str, list[int]] = defaultdict(list)
    hidden = {seen.key for seen in meta.seen if seen.is_hidden}
    times = Counter(seen.key for seen in meta.seen)
    first_time: set[str] = set()
    for seen in meta.seen:
        key = seen.key.replace("-", "")
        if key not in known:
            continue  # a notice that the answer has replaced
        message, place, kind = known[key]
        if kind not in (None, "notice"):
            answered.add(message)
        if seen.key not in first_time:
            first_time.add(seen.key)
            shown[conversation_of[message]].append(place)
    outcome.lost = len(set(conversation_of) - answered) + (outcome.size.messages - len(conversation_of))
    outcome.answered_in_order = sum(places == sorted(places) for places in shown.values())
    outcome.doubled = sum(count - 1 for key, count in times.items() if key not in hidden)
    outcome.doubled_in_the_dark = sum(count - 1 for key, count in times.items() if key in hidden)


def _handled_twice(product: Product) -> int:
    """Messages that Rasa's memory holds more than once."""
    with contextlib.closing(sqlite3.connect(product.tracker_database, timeout=30)) as database:
        stored = database.execute("SELECT events FROM conversations").fetchall()
    ids = Counter(
        str(event.get("message_id")).partition("#")[0] + ("#" if "#" in str(event.get("message_id")) else "")
        for (events,) in stored
        for event in json.loads(events)
        if event["event"] == "user" and event.get("message_id")
    )
    return sum(count - 1 for identity, count in ids.items() if not identity.endswith("#"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.meta.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer visitors, SQLite only; writes nothing")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database only; writes nothing")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    outcomes: list[Outcome] = []
    if arguments.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="channel-faults-") as folder:
            outcomes.append(_shown(run, "SQLite", 1, size, Path(folder)))
    if arguments.only != "sqlite" and not arguments.quick:
        installed = programs()
        if installed is None:
            print("PostgreSQL is not installed, so it was not tried.", file=sys.stderr)
        else:
            with tempfile.TemporaryDirectory(prefix="channel-faults-") as folder:
                postgres = Postgres(Path(folder), installed)
                postgres.start()
                try:
                    outcomes.append(_shown(run, "PostgreSQL", 2, size, Path(folder), postgres))
                finally:
                    postgres.stop()
    table = report.table(HEAD, [outcome.row() for outcome in outcomes])
    print(table)
    if not arguments.quick and not arguments.only and len(outcomes) == 2:
        report.write(report.FAULTS, table)
    if not all(outcome.is_right for outcome in outcomes):
        sys.exit("Something was lost, handled twice, out of order, or sent twice.")


def _shown(play: object, *arguments: object) -> Outcome:
    outcome: Outcome = play(*arguments)  # type: ignore[operator]
    print(" | ".join(outcome.row()), flush=True)
    folder = arguments[3]
    if not outcome.is_right and isinstance(folder, Path):
        for log in sorted(folder.glob("*.log")):
            print(f"-- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}", file=sys.stderr)
    return outcome


if __name__ == "__main__":
    main()
