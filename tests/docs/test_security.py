"""Each line of the ASVS table that says how also names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## ASVS")[2]
ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")] for row in TABLE.splitlines() if re.match(r"\| [\d ]", row)
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+)::(\w+)`", TABLE)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_named_test_is_there(file: str, name: str) -> None:
    """In the file, under that name."""
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_a_line_without_a_test_says_why() -> None:
    """It is not met, or it is the operator's or the proxy's."""
    without = [row for row in ROWS if not row[3]]
    assert len(ROWS) > 60
    assert [row[0] for row in without if not re.search(r"not met|operator|proxy", row[2])] == []
