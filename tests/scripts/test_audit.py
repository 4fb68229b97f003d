"""The audit finds what is there, and never calls clean what it could not look at."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scripts.audit import CONTROL, ROOT, NotAudited, audit, audited

BAD = {("django", "3.2"): "PYSEC-2021-1"}


class Database(BaseHTTPRequestHandler):
    """Answers as osv.dev does."""

    known: dict[tuple[str, str], str] = BAD

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        results = []
        for query in body["queries"]:
            found = self.known.get((query["package"]["name"].lower(), query["version"]))
            results.append({"vulns": [{"id": found, "modified": "2026-01-01T00:00:00Z"}]} if found else {})
        self._say({"results": results})

    def do_GET(self) -> None:
        moment = "2026-01-01T00:00:00Z"
        name = self.path.rpartition("/")[2]
        self._say({"id": name, "modified": moment, "published": moment, "summary": "It is bad.", "affected": []})

    def _say(self, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def database() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Database)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_control_is_found(database: str) -> None:
    """The known-bad version is seen, by its number."""
    assert [one.id for one in audited(CONTROL, database)] == ["PYSEC-2021-1"]


def test_ours_is_judged_once_the_control_was_found(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vulnerability of a locked package is told with its version; without any it is clean."""
    assert audit(database) == []
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    version = next(package["version"] for package in lock["package"] if package["name"] == "honcho")
    monkeypatch.setattr(Database, "known", {**BAD, ("honcho", version): "PYSEC-2026-1"})
    (found,) = audit(database)
    assert (found.package, found.version, found.id) == ("honcho", version, "PYSEC-2026-1")


def test_a_database_that_knows_nothing_is_no_audit(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would call anything clean."""
    monkeypatch.setattr(Database, "known", {})
    with pytest.raises(NotAudited, match="Django"):
        audit(database)


def test_a_database_that_is_away_is_no_audit() -> None:
    """The reason is told."""
    with pytest.raises(NotAudited):
        audit("http://127.0.0.1:1/")


def test_the_control_is_never_installed() -> None:
    """Nothing of the project names it but the audit."""
    assert "audit_control" not in (ROOT / "pyproject.toml").read_text()


def test_there_is_a_bill_of_materials(tmp_path: Path) -> None:
    """Every locked package that running needs, with its version, as CycloneDX; none that only development needs."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    file = tmp_path / "sbom.json"
    command = [uv, "export", "--frozen", "--no-default-groups", "--no-emit-project", "--format", "cyclonedx1.5"]
    subprocess.run(
        [*command, "--preview-features", "sbom-export", "--quiet", "--output-file", str(file)], cwd=ROOT, check=True
    )
    bill = json.loads(file.read_text(encoding="utf-8"))
    names = {part["name"]: part["version"] for part in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert {"django", "rasa", "onnxruntime"} <= set(names)
    assert "pytest" not in names
