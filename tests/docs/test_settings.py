"""The documents name every setting, and only commands and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from actions.__main__ import Settings as ActionsSettings
from assistant.settings import Settings as RasaSettings
from shared.clinic import Clinic
from web.config import Config

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = ROOT / "docs" / "operator.md"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: The heading of docs/operator.md under which the settings of each process stand.
SETTINGS: list[tuple[str, type[BaseModel]]] = [
    ("### web", Config),
    ("### rasa", RasaSettings),
    ("### actions", ActionsSettings),
]


def _rows(heading: str) -> list[str]:
    """The names in the first column of the table under a heading."""
    _, found, rest = OPERATOR.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    assert found, f"docs/operator.md has no heading {heading}"
    section = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


@pytest.mark.parametrize(("heading", "settings"), SETTINGS, ids=[heading for heading, _ in SETTINGS])
def test_every_setting_is_explained(heading: str, settings: type[BaseModel]) -> None:
    """The table of a process has each of its settings, once, and none that is gone."""
    assert sorted(_rows(heading)) == sorted(name.upper() for name in settings.model_fields)


def test_every_fact_of_the_clinic_is_explained() -> None:
    """The table of clinic.yml has each of its fields, once, and none that is gone."""
    assert sorted(_rows("## The clinic: `clinic.yml`")) == sorted(Clinic.model_fields)


@pytest.mark.parametrize(("heading", "settings"), SETTINGS, ids=[heading for heading, _ in SETTINGS])
def test_plain_defaults_are_the_real_ones(heading: str, settings: type[BaseModel]) -> None:
    """A default that is a number or an address is written as it is in the code."""
    table = OPERATOR.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    for name, field in settings.model_fields.items():
        is_place = str(ROOT) in str(field.default)
        if isinstance(field.default, str | int | float) and field.default != "" and not is_place:
            default = f"{field.default:g}" if isinstance(field.default, float) else field.default
            assert f"| `{name.upper()}` | `{default}` |" in table


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_exists(document: Path) -> None:
    """A document names no `make` command that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    # In code only: `make run` between backticks, or a line of a block that begins with it.
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(
        re.findall(r"^(?:\w+=\S+ )*make ([a-z-]+)", text, re.MULTILINE)
    )
    assert sorted(named - targets) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    """A link to a file of the project leads to a file that is there."""
    links = re.findall(
        r"(?<!!)\]\(([^)#]+)\)", re.sub(r"!\[[^\]]*\]\([^)]*\)", "", document.read_text(encoding="utf-8"))
    )
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_decisions_named_elsewhere_exist() -> None:
    """pyproject.toml and the code point at pages of docs/ that are there."""
    named = set(re.findall(r"docs/[\w./-]+\.md", (ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert named
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []
