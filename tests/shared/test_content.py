"""The content as every process reads it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shared.content import DATA, ContentError, Topic, load_dialogue, load_examples, load_topics, signable

TOPIC = """\
version: "3.1"
nlu:
- intent: safety/mri
  examples: |
    - can I have an mri
    - is a scan fine
responses:
  utter_safety/mri:
  - text: >-
      Usually yes. Tell {clinic_phone}
      about it.
    metadata:
      topic: mri
      title: MRI scans after SMP
      short_title: MRI scans
      kind: answer
      risk: caution
      care: null
      review_by: "2027-05-22"
      reviewed: {by: Dr. Example, on: "2026-01-01"}
      sources:
      - {title: Read, publisher: FDA, url: "https://example.org/a", seen: true, year: 2019}
      - {title: Not read, publisher: FDA, url: "https://example.org/b", seen: false}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "topics").mkdir()
    (tmp_path / "dialogue").mkdir()
    (tmp_path / "topics" / "mri.yml").write_text(TOPIC, encoding="utf-8")
    return tmp_path


def _mri(data: Path) -> Topic:
    return load_topics(data)["mri"]


def test_the_projects_own_topics_are_all_read() -> None:
    """Each file of data/topics gives a topic with an answer, an id of its own and at least ten examples."""
    topics = load_topics()
    assert len(topics) == len(list((DATA / "topics").glob("*.yml")))
    assert all(topic.wording.text and topic.examples >= 10 for topic in topics.values())
    assert topics["emergency_eye"].label == "emergency/eye"


def test_a_topic_has_its_words_sources_and_dates(data: Path) -> None:
    """As the file has them; a source that no one read is not shown."""
    mri = _mri(data)
    assert mri.wording.text == "Usually yes. Tell {clinic_phone} about it."
    assert (mri.label, mri.examples, mri.about.review_by) == ("safety/mri", 2, date(2027, 5, 22))
    assert mri.shown_sources == [{"title": "Read", "publisher": "FDA", "url": "https://example.org/a"}]
    assert [mri.is_overdue(date(2027, 5, day)) for day in (22, 23)] == [False, True]


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("Usually yes", "Always yes", False),
        ("title: Read", "title: Read again", False),
        ("example.org/a", "example.org/c", False),
        ("title: Not read", "title: Still not read", True),
        ("short_title: MRI scans", "short_title: Scans", True),
        ("- is a scan fine", "- is a scan okay", True),
    ],
)
def test_the_hash_is_over_the_words_and_the_sources_shown(data: Path, before: str, after: str, is_same: bool) -> None:
    """Whatever a visitor reads changes it; what only staff read does not."""
    digest = _mri(data).digest
    (data / "topics" / "mri.yml").write_text(TOPIC.replace(before, after), encoding="utf-8")
    assert (_mri(data).digest == digest) is is_same


def test_words_and_sources_cant_be_mistaken_for_one_another() -> None:
    """What moves from one field into the next gives another hash."""
    one = signable("a", [{"title": "b", "publisher": "c", "url": "d"}])
    other = signable("a", [{"title": "bc", "publisher": "", "url": "d"}])
    assert one != other


def test_a_file_that_is_no_topic_is_named(data: Path) -> None:
    """The error says which file."""
    (data / "topics" / "mri.yml").write_text(TOPIC.replace("topic: mri", "subject: mri"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"mri\.yml"):
        load_topics(data)
    (data / "topics" / "mri.yml").write_text("- [", encoding="utf-8")
    with pytest.raises(ContentError, match=r"mri\.yml"):
        load_topics(data)


def test_the_other_replies_are_read_with_their_variations(data: Path) -> None:
    """A second wording of a reply has a name of its own."""
    text = "responses:\n  utter_greet:\n  - {text: Hi., metadata: {kind: smalltalk}}\n  - {text: Hello.}\n"
    (data / "dialogue" / "smalltalk.yml").write_text(text, encoding="utf-8")
    assert [(one.name, one.text, one.kind) for one in load_dialogue(data)] == [
        ("utter_greet", "Hi.", "smalltalk"),
        ("utter_greet#2", "Hello.", ""),
    ]


def test_examples_are_given_by_intent(data: Path) -> None:
    """Each without its dash."""
    assert load_examples(data) == {"safety/mri": ["can I have an mri", "is a scan fine"]}
