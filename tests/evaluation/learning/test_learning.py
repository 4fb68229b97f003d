"""Marks become examples: sifted, tried, judged; what makes it worse is refused, and it is said which marks did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation.learning.chance import without
from evaluation.learning.examples import NoSuchIntent, diff, with_examples
from evaluation.learning.marks import Mark, NoMarks, Refused, read_marks, sift
from evaluation.learning.search import search
from evaluation.learning.trial import JUDGED_BY, Copy, Judgement
from scripts.lint_content import examples_of
from scripts.near_duplicates import Message
from shared.located_yaml import Located, read

TOPIC = """\
version: "3.1"

# A comment that stays.
nlu:
- intent: safety/mri   # and this one
  examples: |
    - can I have an mri
    - does the scanner pull

- intent: smalltalk/greet
  examples: |
    - hello

responses:
  utter_safety/mri:
  - text: >-
      An answer:   with its blanks.
"""
EXAMPLES = [("safety/mri", "can I have an mri"), ("safety/pain", "does it hurt"), ("emergency/other", "help me now")]


def marks_of(*rows: tuple[str, str]) -> list[Mark]:
    return [Mark(number, text, intent) for number, (text, intent) in enumerate(rows, start=1)]


def reasons(refused: Sequence[Refused]) -> dict[int, str]:
    return {one.mark.id: one.why for one in refused}


def test_new_examples_stand_behind_those_of_their_intent(tmp_path: Path) -> None:
    """Not a byte else changes: comments, order, blanks and folding stay."""
    path = tmp_path / "topics" / "mri.yml"
    path.parent.mkdir()
    path.write_text(TOPIC, encoding="utf-8")
    changed = with_examples(
        tmp_path, {"safety/mri": ["is a magnet safe: yes or no?"], "smalltalk/greet": ["hi # there"]}
    )
    before, after = changed[path]
    assert before == TOPIC
    expected = TOPIC.replace("pull\n", "pull\n    - is a magnet safe: yes or no?\n").replace(
        "- hello\n", "- hello\n    - hi # there\n"
    )
    assert after == expected
    lines = diff(tmp_path, changed).splitlines()
    assert [line for line in lines if line.startswith("+") and not line.startswith("+++")] == [
        "+    - is a magnet safe: yes or no?",
        "+    - hi # there",
    ]
    assert not [line for line in lines if line.startswith("-") and not line.startswith("---")]
    with pytest.raises(NoSuchIntent):
        with_examples(tmp_path, {"safety/unknown": ["x"]})


def test_personal_data_never_reaches_an_example(tmp_path: Path) -> None:
    """What was covered is taken out; where too little is left the mark is refused. Rasa's own signs go as well."""
    path = tmp_path / "marks.jsonl"
    rows = [
        {"mark": 1, "text": "I'm [name], does the scanner pull on my scalp [phone]", "intent": "safety/mri"},
        {"mark": 2, "text": "[name], call [phone]", "intent": "safety/mri"},
        {"mark": 3, "text": "is [this](entity) a {slot} in the scan", "intent": "safety/mri"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    sifted = sift(read_marks(path), EXAMPLES, [], lambda text: [])
    assert [mark.text for mark in sifted.good] == [
        "I'm, does the scanner pull on my scalp",
        "is this(entity) a slot in the scan",
    ]
    assert reasons(sifted.refused) == {2: "too short or too long for an example"}


def test_a_broken_file_of_marks_is_named(tmp_path: Path) -> None:
    """With the line."""
    path = tmp_path / "marks.jsonl"
    path.write_text('{"mark": 1, "text": "x", "intent": "y"}\n{"mark": 2}\n', encoding="utf-8")
    with pytest.raises(NoMarks, match="line 2"):
        read_marks(path)
    with pytest.raises(NoMarks, match="can't be read"):
        read_marks(tmp_path / "none.jsonl")


def test_contradictions_are_shown_and_not_averaged() -> None:
    """Among the marks, and with the content."""
    sifted = sift(
        marks_of(
            ("Is my plate a risk?", "safety/mri"), ("is my plate a risk", "safety/pain"), ("Does it hurt", "safety/mri")
        ),
        EXAMPLES,
        [],
        lambda text: [],
    )
    assert sifted.good == []
    assert reasons(sifted.contradictions) == {
        1: "others marked the same words as safety/pain",
        2: "others marked the same words as safety/mri",
        3: "these words are an example of safety/pain",
    }


def test_what_must_not_be_learned_is_refused() -> None:
    """Judging questions, emergencies marked as something else, what is known, what has no place."""
    question = Message(Path("validation.jsonl"), 1, "will the scanner pull at the dots on my head", "v0007")
    sifted = sift(
        marks_of(
            ("Will the scanner pull at the dots on my head?", "safety/mri"),
            ("I can't breathe since the cream", "safety/pain"),
            ("I can't breathe since the cream today", "emergency/other"),
            ("can i have an MRI", "safety/mri"),
            ("a thing of its own", "safety/none"),
            ("brand new words here", "safety/mri"),
            ("Brand new words here!", "safety/mri"),
        ),
        EXAMPLES,
        [question],
        lambda text: ["breathing"] if "breathe" in text else [],
    )
    assert [mark.id for mark in sifted.good] == [3, 6]
    assert reasons(sifted.refused) == {
        1: "all but the judging question v0007",
        2: "holds a red flag (breathing)",
        4: "these words are an example already",
        5: "there is no such intent in data/",
        7: "these words are an example already",
    }


def test_a_mark_that_nothing_like_it_agrees_with_is_held_back() -> None:
    """One agreeing example among those most like it is enough; the others are named for whoever decides."""
    like = {
        "what is in the ink": ["safety/pain", "safety/pain", "emergency/other"],
        "the scanner hummed": ["safety/pain", "safety/mri", "safety/pain"],
    }
    marks = marks_of(("what is in the ink", "safety/mri"), ("the scanner hummed", "safety/mri"))
    sifted = sift(marks, EXAMPLES, [], lambda text: [], lambda texts: [like[text] for text in texts])
    assert [mark.id for mark in sifted.good] == [2]
    assert reasons(sifted.refused) == {
        1: "doubtful: of the 3 examples most like it none is of safety/mri, 2 of safety/pain"
    }
    assert len(sift(marks, EXAMPLES, [], lambda text: []).good) == 2


def test_every_trial_starts_from_the_content_of_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone writes in the project meanwhile: before and after are judged on the same all the same, and once each."""
    project, folder, known = tmp_path / "project", tmp_path / "copy", tmp_path / "known"
    (project / "data" / "topics").mkdir(parents=True)
    topic = project / "data" / "topics" / "mri.yml"
    topic.write_text("at the beginning", encoding="utf-8")
    copy = Copy(project, folder, known)
    trained: list[str] = []

    def run(module: str, *arguments: str, may_fail: bool = False) -> None:
        content = (folder / "data" / "topics" / "mri.yml").read_text(encoding="utf-8")
        if module == "assistant":
            trained.append(content)
        else:
            (folder / "results").mkdir(exist_ok=True)
            name = Path(arguments[-1]).stem
            missed = {"id": f"{name}: {content}", "outcome": "abstained", "asked": "mri", "answered": ""}
            report = json.dumps({"headline": {}, "misses": [missed]})
            (folder / "results" / f"{name}.json").write_text(report, encoding="utf-8")

    def judged(changed: dict[Path, str]) -> list[str]:
        return [miss["id"] for miss in copy.judge(changed).misses]

    monkeypatch.setattr(copy, "_run", run)
    with_a_mark = [f"{name}: with a mark" for name in JUDGED_BY]
    assert judged({Path("topics/mri.yml"): "with a mark"}) == with_a_mark
    topic.write_text("someone wrote here", encoding="utf-8")
    assert judged({}) == [f"{name}: at the beginning" for name in JUDGED_BY]
    assert judged({Path("topics/mri.yml"): "with a mark"}) == with_a_mark
    assert trained == ["with a mark", "at the beginning"]


def judgement(wrong: int, emergencies: int, answered: Sequence[str] = (), right: int = 300) -> Judgement:
    headline = {
        "emergency recall": {"count": emergencies, "of": 50},
        "wrong answers, of all messages": {"count": wrong, "of": 600},
        "answerable answered right": {"count": right, "of": 350},
    }
    misses = [
        {"id": f"q{number}", "outcome": "wrong answer", "asked": "shaving", "answered": topic}
        for number, topic in enumerate(answered)
    ]
    return Judgement(headline, misses)


BEFORE = judgement(10, 48)


class Trainings:
    """Judges by which marks are among those tried: `bad` ones draw wrong answers to their own topic."""

    def __init__(self, *bad: int, misses_emergency: int = 0) -> None:
        self.bad, self.misses_emergency = set(bad), misses_emergency
        self.tried: list[list[int]] = []

    def __call__(self, marks: Sequence[Mark]) -> Judgement:
        self.tried.append([mark.id for mark in marks])
        drawn = [mark.intent.partition("/")[2] for mark in marks if mark.id in self.bad]
        missed = any(mark.id == self.misses_emergency for mark in marks)
        return judgement(10 + len(drawn), 47 if missed else 48, drawn)


def test_one_wrong_answer_more_is_chance_unless_it_is_of_what_was_marked() -> None:
    """A training moves answers at the threshold without any mark; three more are no chance."""
    one_more, three_more = judgement(11, 48, ["mri"]), judgement(13, 48, ["mri", "cost", "pain"])
    assert one_more.worse_than(BEFORE, {"pain"}) == []
    assert one_more.worse_than(BEFORE, {"mri"}) == [
        "wrong answers of what is marked: 1 more, 0 less: q0 (shaving answered with mri)"
    ]
    assert one_more.worse_than(BEFORE, {"shaving"})
    assert one_more.worse_than(judgement(11, 48, ["cost", "mri", "mri"]), {"mri"}) == []
    assert three_more.worse_than(BEFORE, set()) == ["wrong answers, of all messages: 13 instead of 10"]


def test_judgements_of_several_sets_are_added() -> None:
    """Counts and misses."""
    report = {
        "headline": {"emergency recall": {"count": 3, "of": 4, "value": 0.75}},
        "misses": [{"id": "h1", "outcome": "wrong answer", "asked": "mri", "answered": "pain"}],
    }
    both = Judgement.of([report, report])
    assert both.headline == {"emergency recall": {"count": 6, "of": 8}}
    assert len(both.misses) == 2


FOUR = marks_of(("a", "safety/pain"), ("b", "safety/mri"), ("c", "safety/mri"), ("d", "safety/cost"))


def test_good_marks_cost_one_training() -> None:
    """All at once, and all are learned."""
    trainings = Trainings()
    outcome = search(FOUR, BEFORE, trainings, 6)
    assert [mark.id for mark in outcome.learned] == [1, 2, 3, 4]
    assert trainings.tried == [[1, 2, 3, 4]]
    assert outcome.after == judgement(10, 48)


def test_the_mark_that_makes_it_worse_is_named_and_the_others_are_learned() -> None:
    """The topic that draws wrong answers is suspected first; what is learned was judged together."""
    trainings = Trainings(3)
    outcome = search(FOUR, BEFORE, trainings, 6)
    assert sorted(mark.id for mark in outcome.learned) == [1, 2, 4]
    assert reasons(outcome.refused) == {
        3: "wrong answers of what is marked: 1 more, 0 less: q0 (shaving answered with mri)"
    }
    assert trainings.tried == [[1, 2, 3, 4], [1, 4], [1, 4, 2]]
    assert outcome.after is not None
    assert outcome.after.worse_than(BEFORE, {"pain", "mri", "cost"}) == []


def test_a_missed_emergency_is_worse_whatever_else_is_better() -> None:
    """No topic is suspected for it, so halves are."""
    outcome = search(FOUR, judgement(20, 48), Trainings(misses_emergency=2), 8)
    assert sorted(mark.id for mark in outcome.learned) == [1, 3, 4]
    assert reasons(outcome.refused) == {2: "emergency recall: 47 instead of 48"}


def test_marks_that_only_confuse_are_refused_too() -> None:
    """The model then gives fewer answers instead of wrong ones. The intent with the most marks is suspected."""

    def judge(marks: Sequence[Mark]) -> Judgement:
        return judgement(9, 48, right=290 if {2, 3} & {mark.id for mark in marks} else 299)

    outcome = search(FOUR, BEFORE, judge, 3)
    assert [mark.id for mark in outcome.learned] == [1, 4]
    assert set(reasons(outcome.refused)) == {2, 3}
    assert "answerable answered right: 290 instead of 300" in reasons(outcome.refused)[2]
    assert outcome.after == judgement(9, 48, right=299)


def test_with_no_trainings_left_the_rest_is_refused() -> None:
    """Nothing is learned that was not judged."""
    outcome = search(FOUR, BEFORE, Trainings(2, 3), 2)
    assert [mark.id for mark in outcome.learned] == [1, 4]
    assert outcome.trainings == 2
    assert set(reasons(outcome.refused)) == {2, 3}
    assert all("one of these 2 makes it worse" in why for why in reasons(outcome.refused).values())
    all_bad = search(FOUR, BEFORE, Trainings(1, 2, 3, 4), 1)
    assert all_bad.learned == []
    assert "one of these 4 makes it worse" in reasons(all_bad.refused)[1]


def test_what_is_left_out_by_chance_is_whole_lines(tmp_path: Path) -> None:
    """As many examples as asked for, and nothing else of the file."""
    path = tmp_path / "mri.yml"
    path.write_text(TOPIC, encoding="utf-8")
    (changed,) = without(tmp_path, 2, 0).values()
    assert len(set(TOPIC.splitlines()) - set(changed.splitlines())) == 2
    assert [text for *_, text in examples_of(read_changed(tmp_path, changed))] != []


def read_changed(folder: Path, content: str) -> Located:
    """The content as a file of its own."""
    path = folder / "changed.yml"
    path.write_text(content, encoding="utf-8")
    return read(path)
