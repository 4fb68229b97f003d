"""`python -m evaluation.benchmarks`: our components on public data, and ours beside the field; writes the document."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluation.benchmarks.public import BANK_SEEDS, REJECTED, Result, Task, bank, clinc, mean, run
from evaluation.benchmarks.side_by_side import NAMES, examples, table
from evaluation.benchmarks.side_by_side import run as run_side_by_side
from evaluation.documents import BENCHMARKS, when_and_where, write_section
from scripts.lint_content import ROOT

#: Examples of an intent that each contender is taught.
MOST = 25
FILES = ("clinc150_full.json", "banking77_train.csv", "banking77_test.csv")


def public(folder: Path) -> str:
    """The section on public data."""

    def played(task: Task, tuned_in: Path | None) -> Result:
        print(f"{task.name}: {len(task.texts)} examples, {len(task.asked)} messages ...", file=sys.stderr, flush=True)
        return run(task, tuned_in)

    def results(tuned_in: Path | None) -> list[Result]:
        of_clinc = [played(task, tuned_in) for task in (clinc(folder), clinc(folder, 20))]
        return [*of_clinc, mean([played(bank(folder, seed), tuned_in) for seed in BANK_SEEDS])]

    return "\n".join(
        [
            "## Our components on public data",
            "",
            f"{when_and_where()}; printed by `make bench`.",
            "CLINC150 is Larson et al., EMNLP 2019 (CC BY 3.0); BANKING77 is Casanueva et al., 2020 (CC BY 4.0). The",
            "product's spelling repair, features, networks and confidence. Far: CLINC150's out-of-scope queries; near:",
            "those of the 27 banking intents that were not taught; the mean of",
            f"{len(BANK_SEEDS)} choices of intents and examples. FPR95: the share of foreign messages kept where 95 %",
            "of the known ones are. With rejection: where a message is as likely foreign as known, by what was learned",
            "from CLINC150's validation messages; BANKING77 has no foreign ones to learn that from, so there it is the",
            "nearness to the nearest example of the intent, at the threshold that keeps 95 % of the known ones.",
            "",
            "With the encoder tuned on the task's examples, by the command that tunes the product's on its own:",
            "",
            public_table(results(ROOT / "results" / "bench" / "encoders")),
            "",
            "With the encoder as it was published:",
            "",
            public_table(results(None)),
        ]
    )


def public_table(results: Sequence[Result]) -> str:
    """The figures on public data, a column for each task."""

    def row(what: str, cells: Sequence[float | None]) -> str:
        return f"| {what} | {' | '.join('' if cell is None else f'{cell:.1%}' for cell in cells)} |"

    lines = [f"| | {' | '.join(result.task for result in results)} |", f"| --- |{' --- |' * len(results)}"]
    lines.append(row("accuracy, forced", [result.accuracy for result in results]))
    lines.append(row("accuracy, forced, a typing error a message", [result.typo_accuracy for result in results]))
    lines.append(row("the same features, logistic regression", [result.linear for result in results]))
    for name in ("far", "near"):
        lines.append(row(f"AUROC, {name}", [result.auroc.get(name) for result in results]))
        lines.append(row(f"FPR95, {name}", [result.fpr95.get(name) for result in results]))
    lines.append(row("in scope answered right, with rejection", [result.in_scope for result in results]))
    lines += [
        row(f"out of scope rejected, {name}", [result.rejected.get(name) for result in results])
        for name in ("far", "near")
    ]
    lines += [
        row(
            f"in scope answered right, where {REJECTED:.0%} of the {name} are rejected",
            [result.in_scope_strict.get(name) for result in results],
        )
        for name in ("far", "near")
    ]
    return "\n".join(lines)


def side_by_side(names: Sequence[str]) -> str:
    """The section on ours beside the field."""
    taught, everything = examples(MOST), len(examples(sys.maxsize))
    outcomes = run_side_by_side(names, taught, ROOT / "results" / "bench")
    return "\n".join(
        [
            "## Beside what people would use instead",
            "",
            f"{when_and_where()}; printed by `make bench`.",
            f"Each was taught the same {len(taught):,} examples, at most {MOST} of an intent, and asked the validation",
            f"questions; the first column is the product as it is, with all {everything:,}. Each parses on one thread,",
            "in a process of its own; the memory of both baselines includes their training. Judged is what a message",
            "alone is understood as. Stock Rasa has topics as plain intents, which suits its classifier best. The",
            "thresholds of the baselines are those where right answers less wrong ones are most. Ours has red-flag",
            "rules, and an encoder tuned on most of the examples; that was done once and is not in the training time.",
            "",
            table(outcomes),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder of the public data; without it that part is left out")
    parser.add_argument("--only", nargs="*", choices=NAMES, default=list(NAMES), help="only these contenders")
    arguments = parser.parse_args()
    if arguments.data is not None:
        if missing := [name for name in FILES if not (arguments.data / name).is_file()]:
            sys.exit(f"{arguments.data}: {', '.join(missing)} not there. Name the folder: make bench DATA=folder")
        section = public(arguments.data)
        print(section)
        write_section(BENCHMARKS, "public data", section)
    if arguments.only:
        section = side_by_side(arguments.only)
        print(section)
        if list(NAMES) == arguments.only:
            write_section(BENCHMARKS, "side by side", section)


if __name__ == "__main__":
    main()
