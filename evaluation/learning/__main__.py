"""`python -m evaluation.learning marks.jsonl`: marks of staff become examples in `data/`, unless that makes it worse.

Marks are sifted, tried in a copy of the project, and judged before and after on all judging questions but the held-back
ones. Written is what makes neither the wrong answers more nor the emergencies found fewer; of the rest it is said which
marks did, and contradicting marks are shown. The changes then stand in `data/` for someone to read (`git diff`) and
commit.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from assistant.encoder import encoder
from assistant.red_flags import red_flag_rules
from evaluation.documents import when_and_where
from evaluation.learning.examples import diff, with_examples
from evaluation.learning.marks import Mark, NoMarks, Refused, Sifted, read_marks, sift
from evaluation.learning.search import Outcome, search
from evaluation.learning.trial import GUARDED, Copy, Judgement, TrialFailed, hash_of
from scripts.lint_content import lint
from scripts.near_duplicates import Message, read_questions
from shared.content import load_examples

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "learning"
#: Examples that a mark is compared with. Of the validation questions 99 in 100 have one of their own topic among so
#: many.
NEAREST = 10
SHOWN = ("wrong answers, of all messages", "emergency recall", "answerable answered right", "look-alike false alarms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.learning", description=__doc__)
    parser.add_argument("marks", type=Path)
    parser.add_argument("--trainings", type=int, default=6, help="at most so many, a minute or two each")
    parser.add_argument("--report", type=Path, help="write the report here too")
    parser.add_argument("--doubtful", action="store_true", help="try those too that no example like them agrees with")
    parser.add_argument("--dry-run", action="store_true", help="judge and show, but write nothing to data/")
    options = parser.parse_args()
    content = _hash_of_content()
    try:
        examples = _examples()
        nearest = None if options.doubtful else functools.partial(_nearest, examples)
        sifted = sift(read_marks(options.marks), examples, _questions(), _rules_in, nearest)
        report = learn(sifted, options.trainings)
    except (NoMarks, TrialFailed) as error:
        raise SystemExit(str(error)) from error
    if _hash_of_content() != content:
        raise SystemExit("data/ was changed meanwhile, so nothing is written. Run this again: what was judged is kept.")
    folder = RESULTS / datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    for path in filter(None, (folder / "report.json", options.report)):
        path.write_text(json.dumps(_to_keep(report), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "learned.diff").write_text(report["diff"], encoding="utf-8")
    print("\n".join(in_words(report)))
    if report["learned"] and not options.dry_run:
        for path, (_, after) in _changes(report["learned"], ROOT / "data").items():
            path.write_text(after, encoding="utf-8")
        problems = lint(ROOT)
        for problem in problems:
            print(problem.text(ROOT), file=sys.stderr)
        print("\nWritten to data/. Read `git diff data/`, then `make train` and commit.")
    print(f"Report: {folder / 'report.json'}")
    if not report["learned"]:
        print("Nothing is learned.")


def learn(sifted: Sifted, trainings: int) -> dict[str, Any]:
    """Try what may be tried; the report."""
    before: Judgement | None = None
    outcome = Outcome()
    patch = ""
    if sifted.good:
        with tempfile.TemporaryDirectory(prefix="learning-") as folder:
            copy = Copy(ROOT, Path(folder), RESULTS / "judgements")
            _say("Judging without the marks ...")
            before = copy.judge({})

            def judge(marks: Sequence[Mark]) -> Judgement:
                _say(f"Training with {len(marks)} marks ...")
                changed = _changes([asdict(mark) for mark in marks], copy.original)
                after = copy.judge({path.relative_to(copy.original): new for path, (_, new) in changed.items()})
                _say("; ".join(f"{name}: {after.count(name)}" for name in GUARDED))
                return after

            outcome = search(sifted.good, before, judge, trainings)
            patch = diff(copy.original, _changes([asdict(mark) for mark in outcome.learned], copy.original))
    learned = [asdict(mark) for mark in outcome.learned]
    return {
        "when": when_and_where(),
        "marks": len(sifted.good) + len(sifted.refused) + len(sifted.contradictions),
        "trainings": outcome.trainings,
        "before": before.headline if before else None,
        "after": outcome.after.headline if outcome.after else None,
        "learned": learned,
        "refused": [_refused(one) for one in (*sifted.refused, *outcome.refused)],
        "contradictions": [_refused(one) for one in sifted.contradictions],
        "diff": patch,
    }


def in_words(report: dict[str, Any]) -> list[str]:
    """The report for the terminal."""
    lines = [f"{report['marks']} marks: {len(report['learned'])} learned, {len(report['refused'])} refused, "]
    lines[0] += f"{len(report['contradictions'])} contradicting; {report['trainings']} trainings."
    if report["before"] and report["after"]:
        lines += ["", f"{'on the judging questions':34} before   after"]
        for name in SHOWN:
            old, new = report["before"][name], report["after"][name]
            lines.append(f"{name:34} {old['count']:4d} of {old['of']:<4d} {new['count']:4d} of {new['of']:<4d}")
    for title, key in (("Contradictions, for a person to settle:", "contradictions"), ("Refused:", "refused")):
        if report[key]:
            lines += ["", title]
            lines += [f'  mark {one["mark"]}, "{one["text"]}" as {one["intent"]}: {one["why"]}' for one in report[key]]
    if report["diff"]:
        lines += ["", report["diff"].rstrip()]
    return lines


def _changes(marks: Sequence[dict[str, Any]], data: Path) -> dict[Path, tuple[str, str]]:
    additions: dict[str, list[str]] = defaultdict(list)
    for mark in marks:
        additions[mark["intent"]].append(mark["text"])
    return with_examples(data, additions)


def _to_keep(report: dict[str, Any]) -> dict[str, Any]:
    """The report without the words of marks that are not learned: those go with their messages."""
    without = {
        key: [{name: value for name, value in one.items() if name != "text"} for one in report[key]]
        for key in ("refused", "contradictions")
    }
    return {**report, **without}


def _refused(one: Refused) -> dict[str, Any]:
    return {"mark": one.mark.id, "text": one.mark.text, "intent": one.mark.intent, "why": one.why}


def _examples() -> list[tuple[str, str]]:
    return [(intent, text) for intent, texts in load_examples().items() for text in texts]


def _questions() -> list[Message]:
    """All of them: those held back are compared and never shown."""
    folder = ROOT / "evaluation" / "questions"
    return [question for path in sorted(folder.glob("*.jsonl")) for question in read_questions(path)]


def _nearest(examples: Sequence[tuple[str, str]], texts: Sequence[str]) -> list[list[str]]:
    """For each text the intents of the examples that the assistant's encoder finds most like it."""
    if not texts:
        return []
    known = encoder().encode([text for _, text in examples])
    likeness = encoder().encode(texts) @ known.T
    return [[examples[place][0] for place in np.argsort(-row, kind="stable")[:NEAREST]] for row in likeness]


def _hash_of_content() -> str:
    return hash_of(ROOT, ["data/**/*.yml"])


def _rules_in(text: str) -> list[str]:
    return [hit.kind for hit in red_flag_rules().find(text) if hit.excuse is None and not hit.is_weak]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
