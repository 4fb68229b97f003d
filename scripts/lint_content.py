"""`python -m scripts.lint_content`: whether the content is whole, and claims nothing it must not.

Looks at every topic file, every other response, and every text the assistant can say. Each finding has a file, a line
and what to do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from scripts import said
from shared import never_claims
from shared.clinic import Clinic, load_clinic
from shared.located_yaml import BrokenYaml, Located, read
from shared.problems import Problem
from shared.reply import EMERGENCY_CARE, MAX_CHOICE_TITLE, Care, Kind, Reason, Review

ROOT = Path(__file__).resolve().parent.parent
LEAST_EXAMPLES = 10
_EMERGENCY = "emergency_"
_TOPIC_KINDS = ("answer", "emergency", "handoff")
_RISKS = ("info", "caution", "urgent")
#: Topics that may stand without a source that was read, and why.
_WITHOUT_SEEN_SOURCE = {
    "emergency_other": "repeats the advice of the other emergencies, whose sources were read, where none of them fits",
}
#: Filled in by assistant/responses.py from the topic answered last.
_OF_LAST_TOPIC = ("clinic_can_confirm", "topic_publishers", "topic_title")
_NO_REVIEWER = "write null until a clinician has signed this wording"


class _Source(BaseModel):
    """One source of an answer. `seen` says whether its text was read; only those are ever shown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = Field(min_length=1)
    publisher: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://[^\s/]+\.[^\s]+$")
    seen: bool
    year: int | str | None = None
    seen_via: str | None = None
    note: str | None = None


def lint(root: Path = ROOT) -> list[Problem]:
    """Every problem of the project below a folder, in order of file and line."""
    files, problems = _read_all(root)
    topics = [file for file in files if file.path.parent == root / "data" / "topics"]
    ids = {file.path.stem for file in topics}
    for topic in topics:
        problems += _topic(topic, ids)
    for file in files:
        problems += _responses(file)
    problems += _handoff_reasons(root, files)
    problems += _examples(files)
    problems += _phone_numbers(root, files)
    problems += _never_claims(root, files)
    return sorted(set(problems))


def _read_all(root: Path) -> tuple[list[Located], list[Problem]]:
    files, problems = [], []
    for path in sorted((root / "data").rglob("*.yml")):
        try:
            file = read(path)
        except BrokenYaml as error:
            problems.append(error.problem)
            continue
        if isinstance(file.content, dict):
            files.append(file)
        else:
            problems.append(
                Problem(path, 1, "must be `key: value` lines. Take another file of this folder as a model.")
            )
    return files, problems


def _topic(file: Located, ids: set[str]) -> Iterator[Problem]:
    """One file is one topic: its examples, its answer, its sources, its review."""
    topic = file.path.stem
    is_emergency = topic.startswith(_EMERGENCY)
    label = f"emergency/{topic.removeprefix(_EMERGENCY)}" if is_emergency else f"safety/{topic}"
    examples = [entry.get("intent") for entry in _intents(file)]
    if examples != [label]:
        yield file.problem(f"must hold examples of the one intent `{label}`, the file's own name.", "nlu")
    responses = file.content.get("responses")
    name = f"utter_{label}"
    if not isinstance(responses, dict) or list(responses) != [name]:
        yield file.problem(f"must hold the one response `{name}`, the file's own name.", "responses")
        return
    variations = responses[name]
    place = ("responses", name, 0)
    if not isinstance(variations, list) or len(variations) != 1 or not isinstance(variations[0], dict):
        yield file.problem("must have exactly one wording; a signature is for one wording.", *place[:2])
        return
    if not str(variations[0].get("text") or "").strip():
        yield file.problem("has no text. Write the answer.", *place)
    metadata = variations[0].get("metadata")
    if not isinstance(metadata, dict):
        yield file.problem("has no metadata. Take another file of this folder as a model.", *place)
        return
    for message, *part in _metadata(topic, metadata, ids, is_emergency=is_emergency):
        yield file.problem(str(message), *place, "metadata", *part)


def _metadata(topic: str, metadata: dict[str, Any], ids: set[str], *, is_emergency: bool) -> Iterator[tuple[Any, ...]]:
    """What is wrong with a topic's metadata, each with the part it is about."""
    if metadata.get("topic") != topic:
        yield f"topic: must be `{topic}`, the file's own name.", "topic"
    for key in ("title", "short_title", "boundary"):
        if not str(metadata.get(key) or "").strip():
            yield f"{key}: is missing. Write it.", key
    if len(str(metadata.get("short_title") or "")) > MAX_CHOICE_TITLE:
        yield f"short_title: is longer than {MAX_CHOICE_TITLE} characters. Shorten it.", "short_title"
    kind, care = metadata.get("kind"), metadata.get("care")
    if kind not in _TOPIC_KINDS:
        yield f"kind: must be one of {', '.join(_TOPIC_KINDS)}.", "kind"
    elif (kind == "emergency") != is_emergency:
        yield f"kind: is emergency exactly in files named {_EMERGENCY}*. Rename the file or correct the kind.", "kind"
    if "care" not in metadata or care not in (None, *get_args(Care)):
        yield f"care: must be null or one of {', '.join(get_args(Care))}.", "care"
    elif (kind == "emergency") != (care in EMERGENCY_CARE):
        yield f"care: is {' or '.join(sorted(EMERGENCY_CARE))} exactly when kind is emergency.", "care"
    if metadata.get("risk") not in _RISKS:
        yield f"risk: must be one of {', '.join(_RISKS)}.", "risk"
    yield from _sources(metadata.get("sources"), may_be_unseen=topic in _WITHOUT_SEEN_SOURCE)
    review_by = metadata.get("review_by")
    if not _is_date(review_by):
        yield 'review_by: must be a date, such as "2027-05-22".', "review_by"
    if "reviewed" not in metadata:
        yield f"reviewed: is missing; {_NO_REVIEWER}.", "reviewed"
    elif metadata["reviewed"] is not None:
        try:
            Review.model_validate(metadata["reviewed"])
        except ValidationError:
            yield f"reviewed: must be {{by, on}}; or {_NO_REVIEWER}.", "reviewed"
    others = metadata.get("not_to_confuse_with")
    if not isinstance(others, list):
        yield "not_to_confuse_with: must be a list of topics; [] for none.", "not_to_confuse_with"
        return
    for index, other in enumerate(others):
        if other not in ids or other == topic:
            yield (
                f"not_to_confuse_with: there is no other topic `{other}`. Correct or remove it.",
                "not_to_confuse_with",
                index,
            )


def _sources(sources: Any, *, may_be_unseen: bool) -> Iterator[tuple[Any, ...]]:
    if not isinstance(sources, list) or not sources:
        yield "sources: are missing. Name at least one.", "sources"
        return
    for index, source in enumerate(sources):
        try:
            _Source.model_validate(source)
            HttpUrl(source["url"])
        except ValidationError as error:
            for item in error.errors():
                field = ".".join(str(part) for part in item["loc"]) or "url"
                yield f"sources: {field}: {item['msg']}. Correct it.", "sources", index, field
    is_seen = any(isinstance(source, dict) and source.get("seen") is True for source in sources)
    if not is_seen and not may_be_unseen:
        yield "sources: none has `seen: true`, so the answer would be shown without a source. Read one.", "sources"


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, date) or bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _responses(file: Located) -> Iterator[Problem]:
    """Every response says of which kind it is, and fills in only what the clinic's file can give."""
    known = {*Clinic().variables(), *_OF_LAST_TOPIC}
    responses = file.content.get("responses") or {}
    for name, variations in responses.items():
        for index, variation in enumerate(variations or []):
            place = ("responses", name, index)
            metadata = variation.get("metadata") if isinstance(variation, dict) else None
            kind = metadata.get("kind") if isinstance(metadata, dict) else None
            if kind not in get_args(Kind):
                yield file.problem(f"`{name}` needs metadata with a kind: {', '.join(get_args(Kind))}.", *place)
            if not isinstance(variation, dict):
                continue
            for placeholder in re.findall(r"\{([^}]*)\}", str(variation.get("text") or "")):
                if placeholder not in known:
                    message = f"`{{{placeholder}}}` is not known. Use one of {', '.join(sorted(known))}."
                    yield file.problem(message, *place, "text")


def _handoff_reasons(root: Path, files: list[Located]) -> Iterator[Problem]:
    """Every reason to hand over has its wording, and no wording is without a reason."""
    prefix = "utter_handoff/"
    worded = {
        name.removeprefix(prefix): file
        for file in files
        for name in file.content.get("responses") or {}
        if name.startswith(prefix)
    }
    for reason in sorted(set(get_args(Reason)) - worded.keys()):
        path = root / "data" / "dialogue" / "handoff.yml"
        yield Problem(path, 1, f"has no response `{prefix}{reason}`, and shared/reply.py has that reason. Write it.")
    for reason in sorted(worded.keys() - set(get_args(Reason))):
        message = f"`{reason}` is no Reason of shared/reply.py. Add it there, or remove this response."
        yield worded[reason].problem(message, "responses", f"{prefix}{reason}")


def _intents(file: Located) -> list[dict[str, Any]]:
    entries = file.content.get("nlu")
    return [entry for entry in entries or [] if isinstance(entry, dict) and "intent" in entry]


def examples_of(file: Located) -> Iterator[tuple[str, int, str]]:
    """Each example of a file: intent, line, text."""
    for index, entry in enumerate(file.content.get("nlu") or []):
        if not isinstance(entry, dict) or "intent" not in entry:
            continue
        first = file.line("nlu", index, "examples") + 1
        for offset, row in enumerate(str(entry.get("examples") or "").split("\n")):
            if row.lstrip().startswith("- "):
                yield str(entry["intent"]), first + offset, row.lstrip().removeprefix("- ").strip()


def bare(text: str) -> str:
    """A message without upper case, punctuation and needless blanks."""
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower().replace("'", "").replace("\u2019", "")).split())


def _examples(files: list[Located]) -> Iterator[Problem]:
    """Enough examples of every intent, and none in two."""
    counts: dict[str, int] = {}
    first_in: dict[str, tuple[str, Located, int]] = {}
    for file in files:
        for entry in _intents(file):
            counts.setdefault(str(entry["intent"]), 0)
        for intent, line, example in examples_of(file):
            counts[intent] += 1
            other, where, other_line = first_in.setdefault(bare(example), (intent, file, line))
            if other != intent:
                message = (
                    f"this example of `{intent}` is one of `{other}` too ({where.path.name}:{other_line}). Keep one."
                )
                yield Problem(file.path, line, message)
    for file in files:
        for index, entry in enumerate(file.content.get("nlu") or []):
            intent = str(entry.get("intent")) if isinstance(entry, dict) else ""
            if counts.get(intent, LEAST_EXAMPLES) < LEAST_EXAMPLES:
                message = f"`{intent}` has {counts[intent]} examples. Write at least {LEAST_EXAMPLES}."
                yield file.problem(message, "nlu", index, "intent")


def _phone_numbers(root: Path, files: list[Located]) -> Iterator[Problem]:
    """The clinic's phone number stands in clinic.yml alone."""
    path = root / "clinic.yml"
    phone = (load_clinic(path).phone_e164 if path.is_file() else None) or ""
    digits = phone.lstrip("+")[-10:]
    if not digits:
        return
    number = re.compile(r"\D{0,3}".join(digits))
    for file in files:
        for index, row in enumerate(file.path.read_text(encoding="utf-8").splitlines(), start=1):
            if number.search(row):
                yield Problem(file.path, index, "holds the clinic's phone number. Write {clinic_phone} instead.")


def _never_claims(root: Path, files: list[Located]) -> Iterator[Problem]:
    claims = never_claims.load()
    for text in said.everywhere(root, files):
        for found in claims.find(text.text):
            message = f'"{found.words}" claims: {found.claim.claim} Say instead: {found.claim.say_instead}'
            yield Problem(text.path, text.line, f"{message} ({found.claim.id})")


def main() -> None:
    problems = lint()
    for problem in problems:
        print(problem.text(ROOT))
    print(f"{len(problems)} problems in the content." if problems else "The content is whole.")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
