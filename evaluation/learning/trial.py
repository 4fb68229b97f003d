"""Training and judging with other examples, in a copy of the project: the real one stays as it is meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Figures that may not get worse, the weightiest first: whether more of them is better, and how many messages less is
#: none. The first two are what must not happen to a visitor. The third sees marks that only confuse: the model then
#: gives fewer answers instead of wrong ones. By one or two its threshold moves without them.
GUARDED = {
    "emergency recall": (True, 0),
    "wrong answers, of all messages": (False, 0),
    "answerable answered right": (True, 2),
}
#: What training and judging need. The held-back questions are not among it.
_NEEDED = (
    "assistant", "actions", "shared", "scripts", "data", "content", "evaluation", "models", "config.yml", "domain.yml",
    "endpoints.yml", "credentials.yml", "clinic.yml", "uv.lock", "pyproject.toml",
)  # fmt: skip
#: What decides how a judgement comes out.
_DECIDE = (
    "data/**/*.yml", "assistant/**/*.py", "assistant/*.txt", "assistant/*.yml", "config.yml", "domain.yml", "uv.lock",
    "evaluation/questions/validation.jsonl", "evaluation/judge.py",
)  # fmt: skip
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "test.jsonl", "test.sha256", "baselines", "building")


class TrialFailed(Exception):
    """Training or judging ended with an error; the message has its last lines."""


@dataclass(frozen=True)
class Judgement:
    """The report of one evaluation on the validation questions."""

    report: dict[str, Any]

    def count(self, name: str) -> int:
        """Of how many messages a figure is true."""
        return int(self.report["headline"][name]["count"])

    def worse_than(self, before: Judgement) -> list[str]:
        """Which guarded figures got worse, in words."""
        worse = []
        for name, (more_is_better, slack) in GUARDED.items():
            old, new = before.count(name), self.count(name)
            if (old - new if more_is_better else new - old) > slack:
                worse.append(f"{name}: {new} instead of {old}")
        return worse

    def drawn_to(self, before: Judgement) -> set[str]:
        """Topics that more messages are answered with wrongly than before."""

        def wrongly(judgement: Judgement) -> dict[str, int]:
            counts: dict[str, int] = {}
            for _, answered, count in judgement.report["confusions"]:
                counts[answered] = counts.get(answered, 0) + count
            return counts

        old = wrongly(before)
        return {topic for topic, count in wrongly(self).items() if count > old.get(topic, 0)}


def hash_of(folder: Path, patterns: Iterable[str]) -> str:
    """A hash over names and contents of the files that fit."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Copy:
    """A copy of the project in a folder of its own."""

    def __init__(self, project: Path, folder: Path, known: Path) -> None:
        """Copy the project.

        Args:
            project: its folder.
            folder: where the copy goes.
            known: a folder of judgements made before, so that a run that was cut short goes on where it was.
        """
        self.root = folder
        self._known = known
        self.data = folder / "data"
        #: The content as it was when the copy was made: someone may go on writing in the project meanwhile.
        self.original = folder / "data-as-it-was"
        for name in _NEEDED:
            source = project / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=_LEFT_OUT)
            elif source.is_file():
                shutil.copy2(source, folder / name)
        shutil.copytree(self.data, self.original)

    def judge(self, changed: Mapping[Path, str]) -> Judgement:
        """Train and judge with these files of `data/` instead; paths are relative to `data/`.

        Raises:
            TrialFailed: one of them did not work.
        """
        shutil.rmtree(self.data)
        shutil.copytree(self.original, self.data)
        for path, content in changed.items():
            (self.data / path).write_text(content, encoding="utf-8")
        known = self._known / f"{self.fingerprint()}.json"
        if known.is_file():
            return Judgement(json.loads(known.read_text(encoding="utf-8")))
        self._run("assistant", "train")
        report = self.root / "results" / "validation.json"
        report.unlink(missing_ok=True)
        self._run("evaluation.evaluate", "--no-typos", may_fail=True)
        if not report.is_file():
            raise TrialFailed("The evaluation wrote no report.")
        known.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(report, known)
        return Judgement(json.loads(report.read_text(encoding="utf-8")))

    def fingerprint(self) -> str:
        """A hash over what a judgement depends on."""
        return hash_of(self.root, _DECIDE)

    def _run(self, module: str, *arguments: str, may_fail: bool = False) -> None:
        environment = {**os.environ, "MODELS_DIRECTORY": str(self.root / "models"), "RASA_TELEMETRY_ENABLED": "false"}
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and not may_fail:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise TrialFailed(f"{module} ended with status {done.returncode}:\n{tail}")
