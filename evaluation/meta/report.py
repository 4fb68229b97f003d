"""Tables that the commands print and put into docs/channels.md, each between marks of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from evaluation.faults.product import ROOT

REPORT = ROOT / "docs" / "channels.md"
FAULTS, CONFORMANCE = "make channel-faults", "make conformance"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


def write(command: str, text: str) -> None:
    """Put a table into the document, between the marks of its command."""
    begin, end = f"<!-- written by `{command}` -->", f"<!-- end of what `{command}` writes -->"
    before, _, rest = REPORT.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    today = datetime.now(UTC).date().isoformat()
    REPORT.write_text(f"{before}{begin}\n\n{today}:\n\n{text}\n\n{end}{after}", encoding="utf-8")
