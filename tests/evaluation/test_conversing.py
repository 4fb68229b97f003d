"""What a scripted conversation asks for, and how a turn did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.conversing import CONVERSATIONS, Said, Script, Step, misses, read_scripts
from evaluation.evaluate_conversations import Judged, figures, transcript


def said(
    kind: str = "answer", topic: str | None = "mri", text: str = "Usually yes; tell the staff.", **more: Any
) -> Said:
    return Said([{"kind": kind, "topic": topic, "text": text, **more}])


def test_a_turn_is_right_when_all_that_is_asked_for_is_so() -> None:
    """Kind, topics, sources, language."""
    expect = {"kind": "answer", "topics": ["mri"], "any": ["mri", "pain"], "sources": True, "language": "en"}
    assert [] == misses(expect, said(sources=[{"url": "https://a.example"}]), [])


@pytest.mark.parametrize(
    "expect",
    [
        {"kind": ["handoff", "clarify"]},
        {"topics": ["mri", "pain"]},
        {"any": ["pain"]},
        {"not_topics": ["mri"]},
        {"reason": "booking"},
        {"sources": True},
        {"language": "es"},
        {"shorter": True},
        {"differs": True},
    ],
)
def test_each_wish_can_be_missed(expect: dict[str, Any]) -> None:
    """One miss each, in words."""
    assert 1 == len(misses(expect, said(), [said()]))


def test_topics_count_in_their_order() -> None:
    """Others between them do no harm."""
    turn = Said([*said(topic="pain").replies, *said(topic="cost").replies, *said(topic="mri").replies])
    assert [] == misses({"topics": ["pain", "mri"]}, turn, [])
    assert misses({"topics": ["mri", "pain"]}, turn, [])


def test_a_place_may_be_taken_by_several_topics_or_by_a_kind() -> None:
    """A list in the place of a topic, and a reply without a topic by its kind."""
    turn = Said([*said("handoff", None).replies, *said(topic="mri").replies])
    assert [] == misses({"topics": [["cost", "handoff"], "mri"]}, turn, [])
    assert misses({"topics": ["mri", ["cost", "handoff"]]}, turn, [])


def test_shorter_is_shorter_than_the_first_time() -> None:
    """For the same topic."""
    assert [] == misses({"shorter": True}, said(text="Yes."), [said()])


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        '{"id": "1"}',
        '{"id": "1", "turns": []}',
        '{"id": "1", "turns": [{"says": "x", "expect": {"kid": "a"}}]}',
        '{"id": "1", "turns": [{"says": "x", "expect": {"kind": "joke"}}]}',
        '{"id": "1", "turns": [{"says": "x", "expect": {"reason": "hunger"}}]}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    """With its number and what is wrong."""
    path = tmp_path / "talk.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="line 2"):
        read_scripts(path)


@pytest.mark.parametrize("split", ["validation", "hard", "red_flags"])
def test_the_conversations_can_be_read(split: str) -> None:
    """At least forty in each half, no id twice."""
    scripts = read_scripts(CONVERSATIONS / f"{split}.jsonl")
    assert len(scripts) >= 40
    assert len({script.id for script in scripts}) == len(scripts)


def test_figures_count_conversations_and_turns() -> None:
    """A conversation is right when all of its turns are."""
    steps = [Step("a", {}, "follow_up"), Step("b", {"kind": "handoff"}, "follow_up")]
    row = Judged(Script("1", frozenset(), steps), [said(), said()], [[], ["kind answer, not handoff"]])
    shares = {name: (share.count, share.of) for name, share in figures([row]).items()}
    assert {"whole conversations": (0, 1), "turns": (1, 2), "turns, follow_up": (1, 2)} == shares
    assert any("MISSED" in line for line in transcript(row))
    assert json.dumps([share.as_dict() for share in figures([row]).values()])
