"""`python -m scripts.audit`: known vulnerabilities of the locked packages, by the database of osv.dev.

An audit that can't reach its database, or finds nothing in a project with a version known to be bad, has said nothing
about ours: it is told apart from a clean one, and never called clean.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTROL = ROOT / "scripts" / "audit_control"
#: Exit statuses.
CLEAN, FOUND, NOT_AUDITED = 0, 1, 3


class NotAudited(Exception):
    """The audit could not be made; the text says why."""


@dataclass(frozen=True)
class Vulnerability:
    """One that a package of ours has."""

    package: str
    version: str
    id: str
    summary: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.id} {self.summary}"


def audited(project: Path, service: str | None = None) -> list[Vulnerability]:
    """What is known of the packages that a project's lock file names.

    Raises:
        NotAudited: the database did not answer.
    """
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    command = [uv, "audit", "--frozen", "--no-dev", "--project", str(project), "--output-format", "json"]
    command += ["--service-url", service] if service else []
    features = {"UV_PREVIEW_FEATURES": "audit-command,json-output"}
    done = subprocess.run(command, env={**os.environ, **features}, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["vulnerabilities"]
    except (ValueError, KeyError) as error:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise NotAudited(lines[-1] if lines else "the audit printed nothing") from error
    return [
        Vulnerability(one["dependency"]["name"], one["dependency"]["version"], one["display_id"], one["summary"] or "")
        for one in found
    ]


def audit(service: str | None = None, project: Path = ROOT) -> list[Vulnerability]:
    """Ours, once the control has shown that the audit finds what is there.

    Raises:
        NotAudited: nothing can be said.
    """
    if not audited(CONTROL, service):
        raise NotAudited("nothing was found in a project with Django 3.2, so nothing would be found in ours")
    return audited(project, service)


def main() -> None:
    try:
        found = audit(os.environ.get("OSV_URL") or None)
    except NotAudited as error:
        print(f"NOT AUDITED: {error}.")
        sys.exit(NOT_AUDITED)
    for vulnerability in found:
        print(vulnerability)
    print(f"{len(found)} known vulnerabilities; the control's were found.")
    sys.exit(FOUND if found else CLEAN)


if __name__ == "__main__":
    main()
