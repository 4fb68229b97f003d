"""`python -m evaluation.evaluate_conversations`: scripted conversations with the running product, scored.

Starts web, Rasa and the action server on ports of their own and talks over the website API. The test split is for
claims: its words are never printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import uuid
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.conversing import CONVERSATIONS, Said, Script, misses, read_scripts
from evaluation.faults.product import ROOT, Product
from evaluation.figures import Share

RESULTS = Path("results")
_PROGRESS_EVERY = 10
_PATIENT_SECONDS = "30"


@dataclass(frozen=True)
class Judged:
    """A conversation, what was said in each turn, and what was not as it should be."""

    script: Script
    said: list[Said]
    misses: list[list[str]]

    @property
    def is_right(self) -> bool:
        return not any(self.misses)


def converse(product: Product, script: Script) -> Judged:
    """One conversation in a session of its own."""
    started = product.http.post("/api/chat/sessions", json={}).raise_for_status().json()
    headers = {"Authorization": f"Bearer {started['token']}"}
    said: list[Said] = []
    found: list[list[str]] = []
    for step in script.turns:
        body: dict[str, Any] = {"client_message_id": uuid.uuid4().hex}
        if isinstance(step.says, str):
            body["text"] = step.says
        elif said and len(said[-1].choices) >= step.says:
            body["choice"] = said[-1].choices[step.says - 1]
        else:
            body["text"] = str(step.says)
        answer = product.http.post("/api/chat/messages", json=body, headers=headers).raise_for_status().json()
        turn = Said(answer["replies"])
        found.append(misses(step.expect, turn, said))
        said.append(turn)
    return Judged(script, said, found)


def figures(rows: list[Judged]) -> dict[str, Share]:
    """Whole conversations, turns, and turns by what they test."""
    turns = [(step, not found) for row in rows for step, found in zip(row.script.turns, row.misses, strict=True)]
    by_test: dict[str, list[bool]] = defaultdict(list)
    for step, is_right in turns:
        if step.tests:
            by_test[step.tests].append(is_right)
    return {
        "whole conversations": Share(sum(row.is_right for row in rows), len(rows)),
        "turns": Share(sum(is_right for _, is_right in turns), len(turns)),
        **{f"turns, {test}": Share(sum(right), len(right)) for test, right in sorted(by_test.items())},
    }


def transcript(row: Judged) -> list[str]:
    """A conversation as a person would read it, with what was not as it should be."""
    lines = [f"{row.script.id} ({', '.join(sorted(row.script.tags))})"]
    for step, said, found in zip(row.script.turns, row.said, row.misses, strict=True):
        lines.append(f"  visitor: {step.says}")
        lines += [f"  {reply['kind']:>9}: {' '.join(reply['text'].split())[:160]}" for reply in said.replies]
        lines += [f"    MISSED: {miss}" for miss in found]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.evaluate_conversations", description=__doc__)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--file", type=Path, help="other conversations, instead of a split")
    parser.add_argument("--all", action="store_true", help="print the right conversations too")
    arguments = parser.parse_args()
    path = arguments.file or CONVERSATIONS / f"{arguments.split}.jsonl"
    scripts = read_scripts(path)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder), ROOT / "models")
        try:
            product.migrate()
            endless = {"SESSIONS_PER_HOUR_PER_ADDRESS": "1000000", "MESSAGES_PER_MINUTE_PER_ADDRESS": "1000000"}
            product.start("actions", "rasa", "web", RASA_TIMEOUT_SECONDS=_PATIENT_SECONDS, **endless)
            print("Starting the product ...", file=sys.stderr, flush=True)
            product.wait_for("database", "rasa", "actions")
            for number, script in enumerate(scripts, start=1):
                rows.append(converse(product, script))
                if number % _PROGRESS_EVERY == 0:
                    print(f"{number} of {len(scripts)} conversations", file=sys.stderr, flush=True)
        finally:
            product.close()
    if path.stem != "test":
        for row in rows:
            if arguments.all or not row.is_right:
                print("\n".join(transcript(row)))
    shares = figures(rows)
    print("\n".join(f"  {name:40} {share}" for name, share in shares.items()))
    RESULTS.mkdir(exist_ok=True)
    report = {"conversations": path.stem, "figures": {name: share.as_dict() for name, share in shares.items()}}
    target = RESULTS / f"conversations-{path.stem}.json"
    target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten: {target}")


if __name__ == "__main__":
    main()
