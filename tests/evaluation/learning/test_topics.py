"""Unanswered questions as topics to write."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from evaluation.learning.topics import Asked, cluster, proposal, read_asked, topic_id
from scripts.lint_content import ROOT, lint


def vectors_of(*angles: float) -> np.ndarray:
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_clusters_are_ranked_by_visitors_and_named_by_their_middle() -> None:
    """One visitor who asks five times is one visitor, and no topic."""
    asked = [
        Asked("edge of the first", 1), Asked("middle of the first", 2), Asked("other edge of the first", 2),
        Asked("second one", 3), Asked("second two", 4), Asked("second three", 5),
        Asked("again and again", 6), Asked("again and again more", 6),
    ]  # fmt: skip
    found = cluster(asked, vectors_of(0, 5, 10, 120, 124, 126, 240, 241))
    assert [(one.visitors, one.name, len(one.questions)) for one in found] == [
        (3, "second two", 3),
        (2, "middle of the first", 3),
    ]
    assert cluster(asked[:1], vectors_of(0)) == []


def test_a_proposed_topic_is_refused_until_it_is_written(tmp_path: Path) -> None:
    """The lint names the empty answer; nothing else of the content is at fault."""
    for name in ("data", "content", "domain.yml", "clinic.yml", "shared", "actions", "assistant", "web", "widget"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy2(source, tmp_path / name)
    (found,) = cluster([Asked("can I wear a wig: over it?", 1), Asked("wig on top ok?", 2)], vectors_of(0, 1))
    topic = topic_id(found, set())
    (tmp_path / "data" / "topics" / f"{topic}.yml").write_text(proposal(found, topic), encoding="utf-8")
    problems = [problem for problem in lint(tmp_path) if problem.path.stem == topic]
    assert any("has no text. Write the answer." in problem.message for problem in problems)


def test_files_have_names_of_their_own() -> None:
    """Made of the question's words."""
    (found,) = cluster([Asked("can my hairdresser bleach after this", 1), Asked("bleach after?", 2)], vectors_of(0, 1))
    name = topic_id(found, set())
    assert name.replace("_", "").isalnum()
    assert topic_id(found, {name}) == f"{name}_2"


def test_a_broken_file_of_questions_is_named(tmp_path: Path) -> None:
    """With the line; single words are left out."""
    path = tmp_path / "asked.jsonl"
    path.write_text(json.dumps({"text": "hm", "visitor": 1}) + "\n" + json.dumps({"text": "two words", "visitor": 2}))
    assert read_asked(path) == [Asked("two words", 2)]
    path.write_text("no json")
    with pytest.raises(SystemExit, match="line 1"):
        read_asked(path)
