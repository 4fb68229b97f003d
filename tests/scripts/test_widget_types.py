"""The type check of the widget never passes in silence where it did not run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts import widget_types


def test_without_npm_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A developer's machine may lack it; what brings it is named."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    widget_types.main()
    assert "NOT CHECKED" in capsys.readouterr().out


def test_without_npm_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that did not run is no check."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="NOT CHECKED"):
        widget_types.main()


@pytest.mark.service
def test_a_wrong_type_is_found(tmp_path: Path) -> None:
    """In a comment of a plain JavaScript file."""
    if shutil.which("npm") is None:
        pytest.skip("There is no npm. `apt-get install nodejs npm` brings it.")
    for name in ("package.json", "package-lock.json", "tsconfig.json"):
        shutil.copy(widget_types.WIDGET / name, tmp_path)
    (tmp_path / "wrong.js").write_text('/** @type {number} */\nexport const count = "one";\n')
    with pytest.raises(SystemExit) as stopped:
        widget_types.main(tmp_path)
    assert stopped.value.code != 0
