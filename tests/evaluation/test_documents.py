"""Figures in a document."""

from __future__ import annotations

from pathlib import Path

from evaluation.documents import write_section


def test_a_section_takes_the_place_of_the_one_before_it(tmp_path: Path) -> None:
    """Written twice, it stands there once, and all around it stays."""
    document = tmp_path / "figures.md"
    write_section(document, "one", "first")
    write_section(document, "two", "second")
    write_section(document, "one", "first again")
    write_section(document, "one", "first again")
    assert document.read_text(encoding="utf-8") == (
        "# Benchmarks\n\n<!-- one: begin -->\nfirst again\n<!-- one: end -->\n\n"
        "<!-- two: begin -->\nsecond\n<!-- two: end -->\n"
    )
