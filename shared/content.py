"""What the assistant can say, read from `data/`: the topics with their sources and review dates, and the other replies.

`signable` is what a clinician signs: the words of one answer and the sources shown with it, as one hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from shared.located_yaml import BOOLEANS
from shared.reply import Care, Kind

DATA = Path(__file__).resolve().parent.parent / "data"
_EMERGENCY = "emergency_"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen by what is installed
    """Written in C where that is there: all of `data/` takes a twentieth of a second."""


_Loader.yaml_implicit_resolvers = BOOLEANS


class ContentError(Exception):
    """`data/` can't be read; the message names the file."""


class TopicSource(BaseModel):
    """One source of an answer; only those with `seen` are ever shown."""

    model_config = ConfigDict(frozen=True)

    title: str
    publisher: str
    url: str
    seen: bool
    year: Annotated[str | None, BeforeValidator(lambda year: None if year is None else str(year))] = None

    @property
    def shown(self) -> dict[str, str]:
        """What a visitor sees of it: title, publisher, url."""
        return {"title": self.title, "publisher": self.publisher, "url": self.url}


class _Metadata(BaseModel):
    topic: str
    title: str
    short_title: str
    kind: Kind
    risk: str
    care: Care | None
    boundary: str = ""
    not_to_confuse_with: list[str] = []
    clinic_can_confirm: list[str] | None = None
    confidence: str | None = None
    editor_note: str | None = None
    review_by: date
    sources: list[TopicSource]


@dataclass(frozen=True)
class Wording:
    """One reply as it stands in a file. `place` is its key below `responses`, and which of its variations it is."""

    path: Path
    place: tuple[str, int]
    text: str
    kind: str

    @property
    def name(self) -> str:
        """`utter_safety/mri`; with `#2` for the second of several variations."""
        response, index = self.place
        return f"{response}#{index + 1}" if index else response


@dataclass(frozen=True)
class Topic:
    """One topic: its answer, and what staff should know of it."""

    wording: Wording
    label: str
    about: _Metadata
    examples: int

    @property
    def id(self) -> str:
        return self.about.topic

    @property
    def shown_sources(self) -> list[dict[str, str]]:
        """The sources that were read, as a visitor sees them."""
        return [source.shown for source in self.about.sources if source.seen]

    @property
    def digest(self) -> str:
        """The hash a signature is over."""
        return signable(self.wording.text, self.shown_sources)

    def is_overdue(self, today: date) -> bool:
        """Whether the day has passed by which someone should have looked at it again."""
        return self.about.review_by < today


def signable(text: str, sources: list[dict[str, str]]) -> str:
    """SHA-256, in hexadecimal, over an answer's words and the sources shown with it (title, publisher, url of each)."""
    shown = [[source["title"], source["publisher"], source["url"]] for source in sources]
    return hashlib.sha256(json.dumps([text, shown], ensure_ascii=False).encode()).hexdigest()


def load_topics(data: Path = DATA) -> dict[str, Topic]:
    """Every topic by its id, in order of the ids.

    Raises:
        ContentError: a file is missing what a topic has.
    """
    topics = {}
    for path in sorted((data / "topics").glob("*.yml")):
        content = _read(path)
        stem = path.stem
        label = f"emergency/{stem.removeprefix(_EMERGENCY)}" if stem.startswith(_EMERGENCY) else f"safety/{stem}"
        try:
            variation = content["responses"][f"utter_{label}"][0]
            about = _Metadata.model_validate(variation["metadata"])
            wording = Wording(path, (f"utter_{label}", 0), str(variation["text"]), about.kind)
            examples = "\n".join(str(entry["examples"]) for entry in content["nlu"])
        except (KeyError, IndexError, TypeError, ValidationError) as error:
            raise ContentError(f"{path}: is no topic. `make check` says what it lacks.") from error
        topics[about.topic] = Topic(wording, label, about, examples.count("\n- ") + examples.startswith("- "))
    return topics


def load_examples(data: Path = DATA) -> dict[str, list[str]]:
    """What visitors might write, by intent, such as `safety/mri`; as the files have it."""
    found: dict[str, list[str]] = {}
    for path in sorted(data.rglob("*.yml")):
        for entry in _read(path).get("nlu") or []:
            if isinstance(entry, dict) and "intent" in entry:
                rows = (row.strip() for row in str(entry.get("examples") or "").split("\n"))
                examples = [row.removeprefix("- ").strip() for row in rows if row.startswith("- ")]
                found.setdefault(str(entry["intent"]), []).extend(examples)
    return found


def load_dialogue(data: Path = DATA) -> list[Wording]:
    """Every reply that is no topic's: greetings, handing over, asking back ... in order of files and lines."""
    return [wording for path in sorted((data / "dialogue").glob("*.yml")) for wording in _wordings(path)]


def _wordings(path: Path) -> Iterator[Wording]:
    for response, variations in (_read(path).get("responses") or {}).items():
        for index, variation in enumerate(variations or []):
            kind = str((variation.get("metadata") or {}).get("kind") or "")
            yield Wording(path, (str(response), index), str(variation.get("text") or ""), kind)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a safe loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContentError(f"{path}: can't be read. `make check` says where it is wrong.") from error
    if not isinstance(content, dict):
        raise ContentError(f"{path}: holds no `key: value` lines.")
    return content


@cache
def topics() -> dict[str, Topic]:
    """The topics of this process, read once."""
    return load_topics()


@cache
def dialogue() -> list[Wording]:
    """The other replies of this process, read once."""
    return load_dialogue()
