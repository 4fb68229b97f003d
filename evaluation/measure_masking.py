"""`python -m evaluation.measure_masking`: what masking covers and what it misses, on the labelled messages.

A message of `evaluation/masking/*.jsonl` is `{"id", "language", "text"}`, personal data written as `{kind|words}`. A
labelled piece counts as covered when every letter and digit of it is; a covered piece counts as right when it touches
a labelled one. Of which kind it is said to be matters less than that it is covered, so that is counted apart.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.documents import when_and_where, write_section
from evaluation.figures import Share
from web.privacy.masking import Found, Kind, find

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "evaluation" / "masking"
DOCUMENT = ROOT / "docs" / "masking.md"
SPLITS = ("validation", "test")
_LABEL = re.compile(r"\{([a-z -]+)\|([^{}]+)\}")


@dataclass(frozen=True)
class Labelled:
    """A message, and the personal data in it."""

    id: str
    text: str
    pieces: tuple[Found, ...]


@dataclass(frozen=True)
class Score:
    """Of one split: recall and precision by kind, and how many messages without personal data were left as they are."""

    recall: dict[str, Share]
    precision: dict[str, Share]
    kind_right: Share
    untouched: Share


Finder = Callable[[str], Sequence[Found]]


def read_message(row: str) -> Labelled:
    """One line of the set.

    Raises:
        ValueError: it is no such line, or names a kind that there is not.
    """
    message = json.loads(row)
    marked, plain, pieces, end = message["text"], "", [], 0
    for match in _LABEL.finditer(marked):
        plain += marked[end : match.start()]
        pieces.append(Found(len(plain), len(plain) + len(match[2]), Kind(match[1])))
        plain += match[2]
        end = match.end()
    return Labelled(message["id"], plain + marked[end:], tuple(pieces))


def read_split(split: str) -> list[Labelled]:
    """The messages of `validation` or `test`."""
    rows = (FOLDER / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [read_message(row) for row in rows if row.strip()]


def missed(message: Labelled, found: Iterable[Found]) -> list[Found]:
    """The labelled pieces of which a letter or digit can still be read."""
    covered = {place for piece in found for place in range(piece.start, piece.end)}

    def is_open(piece: Found) -> bool:
        return any(message.text[place].isalnum() and place not in covered for place in range(piece.start, piece.end))

    return [piece for piece in message.pieces if is_open(piece)]


def wrong(message: Labelled, found: Iterable[Found]) -> list[Found]:
    """The covered pieces that touch no labelled one."""
    return [one for one in found if not any(one.start < p.end and p.start < one.end for p in message.pieces)]


def score(messages: Sequence[Labelled], finder: Finder = find) -> Score:
    """How a finder does."""
    of, covered, said, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    same_kind = untouched = clean = 0
    for message in messages:
        found = finder(message.text)
        of.update(str(piece.kind) for piece in message.pieces)
        covered.update(str(piece.kind) for piece in message.pieces)
        covered.subtract(str(piece.kind) for piece in missed(message, found))
        bad = wrong(message, found)
        said.update(str(one.kind) for one in found)
        right.update(str(one.kind) for one in found)
        right.subtract(str(one.kind) for one in bad)
        for one in found:
            touched = [p for p in message.pieces if one.start < p.end and p.start < one.end]
            same_kind += any(p.kind == one.kind for p in touched)
        if not message.pieces:
            clean += 1
            untouched += not found
    kinds = [str(kind) for kind in Kind]
    recall = {kind: Share(covered[kind], of[kind]) for kind in kinds}
    precision = {kind: Share(right[kind], said[kind]) for kind in kinds}
    recall["all"] = Share(covered.total(), of.total())
    precision["all"] = Share(right.total(), said.total())
    return Score(recall, precision, Share(same_kind, right.total()), Share(untouched, clean))


def table(scores: dict[str, Score]) -> str:
    """The figures as Markdown."""
    names = "".join(f" {split} recall | {split} precision |" for split in scores)
    rows = [f"| kind |{names}", "| --- |" + " --- |" * 2 * len(scores)]
    for kind in [*map(str, Kind), "all"]:
        cells = [f"{_figure(score.recall[kind])} | {_figure(score.precision[kind])}" for score in scores.values()]
        rows.append(f"| {kind} | {' | '.join(cells)} |")
    for name, of in (
        ("said to be of its own kind", "kind_right"),
        ("without personal data, left as it is", "untouched"),
    ):
        cells = [f"{_figure(getattr(score, of))} | " for score in scores.values()]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _figure(share: Share) -> str:
    return f"{share.value:.1%} ({share.count} of {share.of})" if share.of else "-"


def speed(messages: Sequence[Labelled]) -> float:
    """Milliseconds a hundred messages take."""
    started = time.perf_counter()
    for message in messages:
        find(message.text)
    return (time.perf_counter() - started) / len(messages) * 100 * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="print what goes wrong on the validation half")
    options = parser.parse_args()
    messages = {split: read_split(split) for split in SPLITS}
    if options.misses:
        for message in messages["validation"]:
            found = find(message.text)
            for what, pieces in (("missed", missed(message, found)), ("wrong", wrong(message, found))):
                for piece in pieces:
                    words = message.text[piece.start : piece.end]
                    print(f"{message.id} {what:6} {piece.kind:16} {words!r}: {message.text}")
        return
    scores = {split: score(rows) for split, rows in messages.items()}
    said = table(scores)
    pace = speed([message for rows in messages.values() for message in rows])
    print(said)
    print(f"A hundred messages take {pace:.0f} ms.")
    write_section(DOCUMENT, "masking", f"{when_and_where()}. A hundred messages take {pace:.0f} ms.\n\n{said}")


if __name__ == "__main__":
    main()
