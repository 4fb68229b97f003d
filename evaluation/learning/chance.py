"""`python -m evaluation.learning.chance`: how far the figures move where nothing was marked.

Trains in a copy of the project with some examples left out at random, as many as a batch of marks has, and judges each
as `evaluation.learning` does. `evaluation.learning.trial.GUARDED` allows for what this prints.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from evaluation.learning.trial import GUARDED, Copy, Judgement
from scripts.lint_content import ROOT, examples_of
from shared.located_yaml import read


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.learning.chance", description=__doc__)
    parser.add_argument("--trainings", type=int, default=3)
    parser.add_argument("--examples", type=int, default=10, help="so many are left out each time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chance-") as folder:
        copy = Copy(ROOT, Path(folder), ROOT / "results" / "learning" / "judgements")
        before = _judged(copy, "all examples", {})
        for seed in range(options.trainings):
            after = _judged(copy, f"{options.examples} less", without(copy.original, options.examples, seed))
            changed = {miss["id"] for miss in after.misses} ^ {miss["id"] for miss in before.misses}
            print(f"  {len(changed)} messages came out otherwise")


def without(data: Path, number: int, seed: int) -> dict[Path, str]:
    """The files of `data/` that change when so many examples are left out, by their paths in it."""
    places = [(path, line) for path in sorted(data.rglob("*.yml")) for _, line, _ in examples_of(read(path))]
    chosen = random.Random(seed).sample(places, number)  # noqa: S311 (a fixed choice, no secret)
    changed = {}
    for path in {path for path, _ in chosen}:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        left_out = {line for where, line in chosen if where == path}
        kept = [text for number, text in enumerate(lines, start=1) if number not in left_out]
        changed[path.relative_to(data)] = "".join(kept)
    return changed


def _judged(copy: Copy, name: str, changed: dict[Path, str]) -> Judgement:
    print(f"Training with {name} ...", file=sys.stderr, flush=True)
    judgement = copy.judge(changed)
    print(f"{name}: " + "; ".join(f"{figure} {judgement.count(figure)}" for figure in GUARDED), flush=True)
    return judgement


if __name__ == "__main__":
    main()
