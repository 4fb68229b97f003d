"""`make check` runs everything and fails when anything failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import check
from scripts.check import Check

GOOD = Check("Good", (sys.executable, "-c", "print('well')"))
BAD = Check("Bad", (sys.executable, "-c", "raise SystemExit(3)"))


def test_every_check_runs_and_the_failed_are_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A failure stops nothing, and only the failed are listed."""
    assert check.run([BAD, GOOD], tmp_path) == ["Bad"]
    printed = capfd.readouterr().out
    assert "== Bad ==" in printed
    assert "== Good ==\nwell" in printed


def test_a_failure_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit status is not 0, and the last words say what failed."""
    monkeypatch.setattr(check, "CHECKS", (GOOD, BAD))
    with pytest.raises(SystemExit, match="Failed: Bad"):
        check.main()


def test_all_passing_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a failure the command ends well."""
    monkeypatch.setattr(check, "CHECKS", (GOOD,))
    check.main()
    assert capsys.readouterr().out.endswith("Every check passed.\n")
