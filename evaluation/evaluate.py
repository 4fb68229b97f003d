"""`python -m evaluation.evaluate`: how well the assistant understands, on messages it was not taught.

Prints a table, writes JSON and one HTML page to `results/`, and compares with the last accepted report in
`evaluation/accepted/`: a worse emergency recall or more wrong answers on the validation split end with status 1.
The test split is for claims: run it once for a commit that states a figure, and never look at its messages to mend one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from assistant.__main__ import configure_logging
from evaluation.figures import Share, as_json, by_topic, confusions, headline, misses
from evaluation.judge import QUESTIONS, Judged, Question, judge, read_questions
from evaluation.typos import with_typos

RESULTS = Path("results")
ACCEPTED = Path(__file__).parent / "accepted"
#: Figures that may not get worse: whether more of them is better, and how many messages of difference are none. Another
#: processor rounds differently, and an answer at the threshold then falls on its other side.
GUARDED = {"emergency recall": (True, 0), "wrong answers, of all messages": (False, 2)}
_PROGRESS_EVERY = 100
#: Shares are stored with four digits.
_ROUNDED = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.evaluate", description=__doc__)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--file", type=Path, help="other judging questions, instead of a split")
    parser.add_argument("--accept", action="store_true", help="make this report the accepted one")
    parser.add_argument("--no-typos", action="store_true", help="leave out the second run, with typing errors")
    arguments = parser.parse_args()
    path = arguments.file or QUESTIONS / f"{arguments.split}.jsonl"
    questions = read_questions(path)
    configure_logging()
    print(f"Loading the model, then {len(questions)} messages ...", file=sys.stderr, flush=True)
    from assistant.model import load_agent

    agent = load_agent()
    rows = asyncio.run(run(agent, questions))
    name = path.stem
    report: dict[str, Any] = {"questions": name, "messages": len(rows), **as_json(rows)}
    lines = table(rows)
    if not arguments.no_typos:
        misspelt = [replace(question, text=with_typos(question.text, question.id)) for question in questions]
        again = headline(asyncio.run(run(agent, misspelt)))
        lost = headline(rows)["answerable answered right"].value - again["answerable answered right"].value
        report["typos"] = {"headline": {key: figure.as_dict() for key, figure in again.items()}, "lost": round(lost, 4)}
        lines += ["", f"With one typing error a message: {lost * 100:.1f} points of the answers are lost, and"]
        lines += [f"  {key:46} {again[key]}" for key in GUARDED]
    with threadpool_limits(1):
        taken = asyncio.run(parse_times(agent, [question.text for question in questions]))
    lines += ["", f"To parse a message, one thread: {_p50_and_p95(taken)}"]
    lines += [f"A whole turn in process: {_p50_and_p95([row.prediction['latency_ms'] for row in rows])}"]
    print("\n".join(lines))
    if name != "test":
        report["misses"] = misses(rows)
        from evaluation.report import write_page

        write_page(rows, RESULTS / f"{name}.html", f"Understanding: {name} messages")
    _write(RESULTS / f"{name}.json", report)
    print(f"\nWritten: {RESULTS / name}.json" + ("" if name == "test" else f" and {RESULTS / name}.html"))
    worse = compare(report, ACCEPTED / f"{name}.json")
    if arguments.accept:
        _write(ACCEPTED / f"{name}.json", report)
    elif worse:
        raise SystemExit("\n".join(["Worse than the accepted report:", *worse]))


async def run(agent: Any, questions: Sequence[Question]) -> list[Judged]:
    """Each question as a fresh conversation."""
    from assistant.predict import predict

    rows = []
    started = time.monotonic()
    await predict(agent, {"id": "warm-up", "text": "Does it hurt?"})
    for number, question in enumerate(questions, start=1):
        rows.append(judge(question, await predict(agent, {"id": question.id, "text": question.text})))
        if number % _PROGRESS_EVERY == 0:
            print(f"{number} of {len(questions)}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return rows


async def parse_times(agent: Any, texts: Sequence[str]) -> list[float]:
    """Milliseconds that Rasa's pipeline takes for each."""
    taken = []
    for text in texts:
        started = time.perf_counter()
        await agent.parse_message(text)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def _p50_and_p95(milliseconds: Sequence[float]) -> str:
    p50, p95 = (float(np.percentile(milliseconds, percentile)) for percentile in (50, 95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms"


def table(rows: Sequence[Judged]) -> list[str]:
    """The figures as lines for the terminal."""
    lines = [f"  {name:46} {figure}" for name, figure in headline(rows).items()]
    wrong = [f"  {asked} answered with {answered}: {count}" for asked, answered, count in confusions(rows)[:10]]
    weak = sorted((each for each in by_topic(rows).items() if each[1].value < 1), key=lambda each: each[1].value)
    return [
        f"{len(rows)} messages",
        *lines,
        "",
        "Answered with another topic, most often:",
        *wrong,
        "",
        f"Topics, reasons and behaviours that are not always right ({len(weak)} of {len(by_topic(rows))}):",
        *(f"  {name:46} {figure}" for name, figure in weak),
    ]


def compare(report: dict[str, Any], accepted: Path) -> list[str]:
    """What got worse than the accepted report, in words; nothing where there is none yet."""
    if not accepted.is_file():
        return []
    before = json.loads(accepted.read_text(encoding="utf-8"))["headline"]
    worse = []
    for name, (more_is_better, slack) in GUARDED.items():
        old, new = before[name], report["headline"][name]
        change = new["value"] - old["value"] if more_is_better else old["value"] - new["value"]
        if change * new["of"] < -slack - _ROUNDED:
            words = Share(new["count"], new["of"]), Share(old["count"], old["of"])
            worse.append(f"  {name}: {words[0].value:.2%}, accepted {words[1].value:.2%}")
    return worse


def _write(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
