"""Figures in a document: a part of it that a command writes anew, between two marks."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def write_section(document: Path, name: str, section: str) -> None:
    """Put the section in the place of the one of this name, or at the end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = document.read_text(encoding="utf-8") if document.is_file() else "# Benchmarks\n"
    before, found, rest = text.partition(begin)
    after = rest.partition(end)[2] if found else ""
    parts = [before.strip(), f"{begin}\n{section.strip()}\n{end}", after.strip()]
    document.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def when_and_where() -> str:
    """The date and the machine, as a figure has to name them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    cores = f"{len(names)} cores of {processor}" if names else processor
    return f"{datetime.now(UTC).date().isoformat()}, {cores}, Python {platform.python_version()}"
