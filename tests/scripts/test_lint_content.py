"""The content lint: a whole tree passes, and each thing that can be wrong is named with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from scripts.lint_content import bare, lint
from shared.reply import Reason

TOPIC = """\
version: "3.1"

nlu:
- intent: safety/mri
  examples: |
    - can I have an mri
    - is a scan possible with the dots
    - does the magnet pull the ink
    - will it burn in the scanner
    - mri next week what now
    - must I tell the radiographer
    - do dots show on the pictures
    - metal in the ink and a scan
    - my scalp felt warm in the tube
    - brain scan after the session

responses:
  utter_safety/mri:
  - text: Most people with tattoos can have an MRI. Call {clinic_phone} for the ink's name.
    metadata:
      topic: mri
      title: An MRI afterwards
      short_title: MRI
      kind: answer
      risk: caution
      care: null
      boundary: mri = a scan.
      not_to_confuse_with: [emergency_eye]
      review_by: "2027-05-22"
      reviewed: null
      sources:
      - title: Tattoos
        publisher: A clinic
        url: https://clinic.example/tattoos
        year: undated
        seen: true
"""
EMERGENCY = (
    TOPIC.replace("safety/mri", "emergency/eye")
    .replace("topic: mri", "topic: emergency_eye")
    .replace("kind: answer", "kind: emergency")
    .replace("care: null", "care: er_now")
    .replace("[emergency_eye]", "[]")
    .replace("\n    - ", "\n    - splash ")
)
HANDOFF = 'version: "3.1"\nresponses:\n' + "".join(
    f"  utter_handoff/{reason}:\n  - text: Call {{clinic_phone}}.\n    metadata: {{kind: handoff}}\n"
    for reason in get_args(Reason)
)

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of a small project that has nothing wrong in it."""

    def write(path: str, content: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        return tmp_path

    write("data/topics/mri.yml", TOPIC)
    write("data/topics/emergency_eye.yml", EMERGENCY)
    write("data/dialogue/handoff.yml", HANDOFF)
    write("clinic.yml", 'phone: "+13105550100"\ncountry: US\n')
    return write


def _found(root: Path) -> list[str]:
    return [problem.text(root) for problem in lint(root)]


def test_a_whole_project_has_no_problem(write: Write, tmp_path: Path) -> None:
    """The tree that the other tests break is right."""
    assert _found(tmp_path) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "message"),
    [
        ("- intent: safety/mri", "- intent: safety/scan", 3, "one intent `safety/mri`"),
        ("  utter_safety/mri:", "  utter_safety/scan:", 17, "one response `utter_safety/mri`"),
        ("topic: mri", "topic: scan", 21, "topic: must be `mri`"),
        ("title: An MRI afterwards", 'title: ""', 22, "title: is missing"),
        ("short_title: MRI", "short_title: A scan in a strong magnet", 23, "longer than 20"),
        ("kind: answer", "kind: smalltalk", 24, "kind: must be one of"),
        ("kind: answer", "kind: emergency", 24, "exactly in files named emergency_"),
        ("risk: caution", "risk: some", 25, "risk: must be one of"),
        ("care: null", "care: hospital", 26, "care: must be null or one of"),
        ("care: null", "care: er_now", 26, "exactly when kind is emergency"),
        ("boundary: mri = a scan.", "boundary: null", 27, "boundary: is missing"),
        ("[emergency_eye]", "[emergency_ear]", 28, "no other topic `emergency_ear`"),
        ("[emergency_eye]", "[mri]", 28, "no other topic `mri`"),
        ('review_by: "2027-05-22"', "review_by: soon", 29, "review_by: must be a date"),
        ("reviewed: null", "reviewed: yes", 30, "reviewed: must be {by, on}"),
        ("seen: true", "seen: false", 31, "none has `seen: true`"),
        ("seen: true", "seen: perhaps", 36, "sources: seen"),
        ("url: https://clinic.example/tattoos", "url: ftp://clinic.example/x", 34, "sources: url"),
        ("url: https://clinic.example/tattoos", "url: clinic.example", 34, "sources: url"),
        ("{clinic_phone}", "{clinic_fax}", 19, "`{clinic_fax}` is not known"),
        ("{clinic_phone}", "(310) 555-0100", 19, "holds the clinic's phone number"),
        ("Most people with tattoos can have an MRI.", "An MRI is no problem at all.", 19, "(mri)"),
        ("title: An MRI afterwards", "title: A painless scan", 22, "(painless)"),
        ("    - mri next week what now\n", "", 4, "has 9 examples"),
        ("kind: answer", "kind: [answer", 25, "is not YAML"),
        ("risk: caution", "kind: answer", 25, "has `kind` twice"),
    ],
)  # fmt: skip
def test_a_broken_topic_is_named_with_its_line(write: Write, right: str, wrong: str, line: int, message: str) -> None:
    """Each mistake in a topic file gives its line and what to do."""
    assert TOPIC.count(right) >= 1
    root = write("data/topics/mri.yml", TOPIC.replace(right, wrong, 1))
    found = _found(root)
    assert [text for text in found if text.startswith(f"data/topics/mri.yml:{line}: ") and message in text], found


def test_a_missing_field_is_named_at_its_metadata(write: Write) -> None:
    """A field that is not there is as wrong as an empty one."""
    root = write("data/topics/mri.yml", TOPIC.replace("      reviewed: null\n", "").replace("      care: null\n", ""))
    found = _found(root)
    assert len(found) == 2
    assert all(text.startswith("data/topics/mri.yml:20: ") for text in found), found


def test_a_signature_is_accepted(write: Write) -> None:
    """A clinician's name and day stand in place of null."""
    root = write("data/topics/mri.yml", TOPIC.replace("reviewed: null", 'reviewed: {by: Dr Example, on: "2026-11-01"}'))
    assert _found(root) == []


def test_an_example_in_two_intents_is_named(write: Write) -> None:
    """The same words under two intents are found whatever their case and punctuation."""
    root = write("data/topics/mri.yml", TOPIC.replace("- can I have an mri", "- SPLASH can I have an MRI?!"))
    (found,) = _found(root)
    assert found.startswith("data/topics/mri.yml:6: ")
    assert "emergency_eye.yml:6" in found


def test_two_wordings_of_an_answer_are_refused(write: Write) -> None:
    """A signature is for one wording, so an answer has one."""
    root = write("data/topics/mri.yml", TOPIC + "  - text: Another.\n    metadata: {kind: answer}\n")
    assert any("exactly one wording" in text for text in _found(root))


def test_a_reply_needs_a_kind(write: Write) -> None:
    """A response of the dialogue says of which kind it is."""
    root = write("data/dialogue/talk.yml", "responses:\n  utter_greet:\n  - text: Hello.\n    metadata: {kind: nice}\n")
    (found,) = _found(root)
    assert found.startswith("data/dialogue/talk.yml:3: `utter_greet` needs metadata with a kind")


def test_every_reason_has_a_wording(write: Write) -> None:
    """A reason to hand over without its response is named."""
    root = write("data/dialogue/handoff.yml", HANDOFF.replace("utter_handoff/booking", "utter_other"))
    (found,) = _found(root)
    assert found == (
        "data/dialogue/handoff.yml:1: has no response `utter_handoff/booking`, "
        "and shared/reply.py has that reason. Write it."
    )


def test_every_wording_has_a_reason(write: Write) -> None:
    """A wording for a reason that the code does not know is named with its line."""
    extra = "  utter_handoff/weather:\n  - text: No.\n    metadata: {kind: handoff}\n"
    root = write("data/dialogue/handoff.yml", HANDOFF + extra)
    (found,) = _found(root)
    assert found.startswith(f"data/dialogue/handoff.yml:{len(HANDOFF.splitlines()) + 1}: `weather` is no Reason")


@pytest.mark.parametrize("content", ["- a list\n", "", "just words\n"])
def test_a_file_that_is_no_mapping_is_named(write: Write, content: str) -> None:
    """A data file of another shape is a finding, not a crash."""
    root = write("data/dialogue/talk.yml", content)
    assert any(text.startswith("data/dialogue/talk.yml:1: must be") for text in _found(root))


def test_a_file_that_is_not_utf8_is_named(write: Write, tmp_path: Path) -> None:
    """Bytes of another encoding are a finding, not a crash."""
    (tmp_path / "data" / "topics" / "pain.yml").write_bytes(b"text: \xff\xfe")
    assert _found(tmp_path) == ["data/topics/pain.yml:1: is not UTF-8 text. Save it as UTF-8."]


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("web/notices.py", '"""It is painless."""\n\n\nTEXT = f"Hello {1}, it is painless."\n', 4),
        ("actions/handoff.py", 'TEXT = (\n    "It is "\n    "painless."\n)\n', 2),
        ("web/templates/home.html", "<h1>Hi</h1>\n\n<p>It is\n<b>painless</b></p>\n", 3),
        ("web/templates/home.html", '<p>Hi</p>\n<input placeholder="It is painless">\n', 2),
        ("web/static/chat.js", '// It is painless.\nshow("It is painless.");\n', 2),
    ],
)
def test_a_claim_is_found_wherever_it_can_be_said(write: Write, path: str, content: str, line: int) -> None:
    """Texts in code, templates and scripts are held to the same list; comments and docstrings are not said."""
    (found,) = _found(write(path, content))
    assert found.startswith(f"{path}:{line}: ")
    assert found.endswith("(painless)")


def test_bare_words() -> None:
    """Case, punctuation and blanks make no difference between two examples."""
    assert bare("  Can\u2019t I have an MRI?! ") == "cant i have an mri"
