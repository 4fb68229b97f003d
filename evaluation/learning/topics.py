"""`python -m evaluation.learning.topics unanswered.jsonl`: questions without an answer, as topics to write.

Questions are clustered with the assistant's own encoder. A cluster is named by its most central question and ranked by
how many visitors asked. Each becomes a file with its examples and an empty answer; the content lint refuses it until
someone has written and sourced one. The files are in `results/topics/`: move one to `data/topics/` to begin.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering

from assistant.encoder import encoder
from evaluation.learning.marks import as_example
from scripts.lint_content import bare

RESULTS = Path(__file__).resolve().parents[2] / "results" / "topics"
#: Two clusters are one while their questions are, on average, nearer than this (1 - cosine). Of questions that belong
#: to no topic, 0.70 to 0.75 puts most together that ask the same; above, different ones meet.
DISTANCE = 0.7
#: What fewer visitors asked is no topic yet.
LEAST_VISITORS = 2
_MOST_EXAMPLES = 60


@dataclass(frozen=True)
class Asked:
    """A question without an answer, and which visitor asked; masked."""

    text: str
    visitor: int


@dataclass(frozen=True)
class Cluster:
    """Questions that ask the same, the most central first."""

    questions: tuple[str, ...]
    visitors: int

    @property
    def name(self) -> str:
        """Its most central question."""
        return self.questions[0]


def read_asked(path: Path) -> list[Asked]:
    """The questions of a file that `python -m web marks unanswered` wrote.

    Raises:
        SystemExit: it can't be read, or a line is no question.
    """
    asked = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path} can't be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            asked.append(Asked(as_example(str(row["text"])), int(row["visitor"])))
        except (ValueError, KeyError, TypeError) as error:
            raise SystemExit(f"{path}, line {number}: is no question ({error}).") from error
    return [one for one in asked if len(bare(one.text).split()) > 1]


def cluster(asked: Sequence[Asked], vectors: npt.NDArray[np.float32]) -> list[Cluster]:
    """Clusters by how many visitors asked, the most first.

    Args:
        asked: the questions.
        vectors: their unit vectors, shape (questions, dimensions).
    """
    if len(asked) < 2:
        return []
    method = AgglomerativeClustering(n_clusters=None, distance_threshold=DISTANCE, metric="cosine", linkage="average")
    labels = method.fit_predict(vectors)
    found = []
    for label in sorted(set(labels)):
        places = np.flatnonzero(labels == label)
        visitors = len({asked[place].visitor for place in places})
        if visitors < LEAST_VISITORS:
            continue
        near = vectors[places] @ vectors[places].mean(axis=0)
        ordered = [asked[places[index]].text for index in np.argsort(-near, kind="stable")]
        unique = {bare(text): text for text in reversed(ordered)}
        found.append(Cluster(tuple(text for text in ordered if unique[bare(text)] == text), visitors))
    return sorted(found, key=lambda one: (-one.visitors, one.name))


def proposal(found: Cluster, topic: str) -> str:
    """A topic file with everything but the answer and its sources."""
    examples = "\n".join(f"    - {text}" for text in dict.fromkeys(found.questions[:_MOST_EXAMPLES]))
    title = re.sub(r"\s+", " ", found.name)[:60].replace("'", "")
    return f"""version: "3.1"

# Asked by {found.visitors} visitors and not answered. Write the answer from sources that you have read, name them, and
# say what sets this topic apart; until then the content lint refuses this file.
nlu:
- intent: safety/{topic}
  examples: |
{examples}

responses:
  utter_safety/{topic}:
  - text: ""
    metadata:
      topic: {topic}
      title: '{title}'
      short_title: ''
      kind: answer
      risk: info
      care: null
      boundary: ''
      not_to_confuse_with: []
      clinic_can_confirm: []
      confidence: low
      editor_note: ''
      review_by: null
      reviewed: null
      sources: []
"""


def topic_id(found: Cluster, taken: set[str]) -> str:
    """A file's name made of the question's words, unlike any other."""
    words = [word for word in bare(found.name).split() if (word.isascii() and len(word) > 3) or word.isdigit()]
    name = re.sub(r"[^a-z0-9_]", "", "_".join(words[:4])) or "new_topic"
    name = name if name[0].isalpha() else f"about_{name}"
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.learning.topics", description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    asked = read_asked(options.questions)
    clusters = cluster(asked, encoder().encode([one.text for one in asked])) if asked else []
    options.out.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    print(f"{len(asked)} unanswered questions, {len(clusters)} clusters of {LEAST_VISITORS} visitors or more.")
    for found in clusters:
        topic = topic_id(found, taken)
        taken.add(topic)
        (options.out / f"{topic}.yml").write_text(proposal(found, topic), encoding="utf-8")
        print(f"{found.visitors:4d} visitors, {len(found.questions):3d} questions  {topic}.yml  {found.name}")


if __name__ == "__main__":
    main()
