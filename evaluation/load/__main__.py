"""`python -m evaluation.load`: the whole product beside stock Rasa's REST channel, in one run, into docs/benchmarks.md.

Both are started, asked by one client and by eight, and ended, in turns, with the same questions and the same generator.
What matters is the ratio of the two: the machine may be doing other things.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from evaluation.documents import BENCHMARKS, when_and_where, write_section
from evaluation.load import flat, stock
from evaluation.load.side import Side, ours, stock_rasa
from evaluation.measure import ROOT, _questions

CLIENTS = 8
#: Ratio of ours to stock Rasa's: the bound, and whether more is better.
GOALS = {
    "messages a second, 8 clients": (3.0, True),
    "p95, 8 clients": (1 / 3, False),
    "memory of the Rasa server (PSS)": (0.4, False),
    "start": (1 / 3, False),
}


@dataclass(frozen=True)
class Figures:
    """What one visit to one side gave."""

    start: float
    throughput: float
    p50_of_8: float
    p95_of_8: float
    p50_of_1: float
    p95_of_1: float
    memory: dict[str, float]
    failed: int


def visit(side: Side, texts: Sequence[str], messages: int, folder: Path) -> Figures:
    """Warm it up, then ask with one client and with eight."""
    side.ask(texts, clients=4, messages=40, folder=folder)
    alone = side.ask(texts, clients=1, messages=max(messages // 4, 20), folder=folder)
    crowd = side.ask(texts, clients=CLIENTS, messages=messages, folder=folder)
    p50_of_8, p95_of_8 = (float(np.percentile(crowd.milliseconds, p)) for p in (50, 95))
    p50_of_1, p95_of_1 = (float(np.percentile(alone.milliseconds, p)) for p in (50, 95))
    return Figures(
        side.start_seconds,
        len(crowd.milliseconds) / crowd.seconds,
        p50_of_8,
        p95_of_8,
        p50_of_1,
        p95_of_1,
        side.memory(),
        alone.failed + crowd.failed,
    )


def compare(rounds: int, messages: int, folder: Path, project: Path) -> dict[str, list[Figures]]:
    """Visit both, in turns."""
    texts = _questions(300)
    visits: dict[str, list[Figures]] = {"this assistant": [], "stock Rasa": []}
    for number in range(rounds):
        sides: list[tuple[str, AbstractContextManager[Side]]] = [
            ("this assistant", ours(_new(folder / f"ours-{number}"))),
            ("stock Rasa", stock_rasa(_new(folder / f"stock-{number}"), project)),
        ]
        for name, started in sides:
            with started as side:
                visits[name].append(visit(side, texts, messages, folder))
            print(f"{name}: {visits[name][-1]}", file=sys.stderr, flush=True)
    return visits


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def rows(visits: dict[str, list[Figures]]) -> list[tuple[str, float, float, str]]:
    """Each figure of ours and of stock Rasa's, the median of the visits, and its unit."""
    mine, theirs = visits["this assistant"], visits["stock Rasa"]

    def pair(read: str) -> tuple[float, float]:
        return median(getattr(one, read) for one in mine), median(getattr(one, read) for one in theirs)

    memory = median(one.memory["rasa"] for one in mine), median(one.memory["stock"] for one in theirs)
    total = median(sum(one.memory.values()) for one in mine), memory[1]
    return [
        ("messages a second, 8 clients", *pair("throughput"), ""),
        ("p50, 8 clients", *pair("p50_of_8"), "ms"),
        ("p95, 8 clients", *pair("p95_of_8"), "ms"),
        ("p50, one client", *pair("p50_of_1"), "ms"),
        ("p95, one client", *pair("p95_of_1"), "ms"),
        ("start", *pair("start"), "s"),
        ("memory of the Rasa server (PSS)", *memory, "MB"),
        ("memory of all processes (PSS)", *total, "MB"),
    ]


def table(found: Sequence[tuple[str, float, float, str]]) -> str:
    """The figures side by side, with their ratio and what it ought to be."""
    lines = ["| | this assistant | stock Rasa | ratio | goal |", "| --- | --- | --- | --- | --- |"]
    for what, mine, theirs, unit in found:
        ratio = mine / theirs
        goal = ""
        if what in GOALS:
            bound, is_least = GOALS[what]
            is_met = ratio >= bound if is_least else ratio <= bound
            goal = f"{'≥' if is_least else '≤'} {bound:.2f}: {'met' if is_met else 'missed'}"
        lines.append(f"| {what} | {_shown(mine, unit)} | {_shown(theirs, unit)} | {ratio:.2f} | {goal} |")
    return "\n".join(lines)


def _shown(value: float, unit: str) -> str:
    return f"{value:.{0 if value >= 100 else 1}f} {unit}".strip()


def section(visits: dict[str, list[Figures]], messages: int, cost: str) -> str:
    """The part of docs/benchmarks.md."""
    visits_each = len(visits["this assistant"])
    text = _SECTION.format(
        when=when_and_where(), examples=stock.EXAMPLES, epochs=stock.EPOCHS, messages=messages, clients=CLIENTS,
        alone=messages // 4, visits=f"{visits_each} visit{'s' if visits_each > 1 else ''}",
    )  # fmt: skip
    return f"{text}\n{table(rows(visits))}\n\n{_FLAT}\n{cost}\n"


_SECTION = """## Under load, beside stock Rasa

{when}; printed by `make bench-load`.

Stock is Rasa 3.6.21 as it is published, on Python 3.10 with TensorFlow: DIET, ResponseSelector, FallbackClassifier,
Memoization, Rule, UnexpecTED and TED policies, its REST channel, its tracker in SQLite; the same topics and answers,
{examples} examples of each and {epochs} epochs: training on all of them takes hours, and how long a message takes
does not depend on them. Ours is web, worker, rasa and actions, through the public website API, every message in a
durable inbox. {messages} messages by {clients} clients and {alone} by one, ten in a conversation, real questions;
the median of {visits} to each, in turns. The generator shares the machine.
"""
_FLAT = """### What a turn costs in a long conversation and with a full log

Milliseconds a message, one client, website API; the same twenty questions, each answered by a topic.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.load", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one short visit to ours alone; fails when one is not answered"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--messages", type=int, default=400)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        folder = Path(name)
        if arguments.quick:
            with ours(_new(folder / "ours")) as side:
                found = visit(side, _questions(100), 80, folder)
            print(
                f"{found.throughput:.0f} messages a second, p95 {found.p95_of_8:.0f} ms, ready in {found.start:.0f} s"
            )
            sys.exit(f"{found.failed} messages were not answered" if found.failed else None)
        project = stock.trained(ROOT / "var" / "load")
        visits = compare(arguments.rounds, arguments.messages, folder, project)
        cost = flat.table(_new(folder / "flat"))
    failed = sum(one.failed for one in visits["this assistant"])
    written = section(visits, arguments.messages, cost)
    print(written)
    write_section(BENCHMARKS, "load", written)
    if failed:
        sys.exit(f"{failed} messages were not answered as they should be.")


if __name__ == "__main__":
    main()
