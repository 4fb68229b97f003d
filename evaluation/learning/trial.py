"""Training and judging with other examples, in a copy of the project: the real one stays as it is meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.judge import QUESTIONS, Outcome

#: Figures that may not get worse, the weightiest first: whether more of them is better, and how many messages they move
#: by where nothing was marked (`python -m evaluation.learning.chance`). The first two are what must not happen to a
#: visitor. The third sees marks that only confuse: the model then gives fewer answers instead of wrong ones.
GUARDED = {
    "emergency recall": (True, 0),
    "wrong answers, of all messages": (False, 2),
    "answerable answered right": (True, 6),
}
#: The judging questions: all but the held-back ones.
JUDGED_BY = tuple(sorted(path.stem for path in QUESTIONS.glob("*.jsonl") if path.stem != "test"))
#: What training and judging need. The held-back questions are not among it.
_NEEDED = (
    "assistant", "actions", "shared", "scripts", "data", "content", "evaluation", "models", "config.yml", "domain.yml",
    "endpoints.yml", "credentials.yml", "clinic.yml", "uv.lock", "pyproject.toml",
)  # fmt: skip
#: What decides how a judgement comes out.
_DECIDE = (
    "data/**/*.yml", "assistant/**/*.py", "assistant/*.txt", "assistant/*.yml", "config.yml", "domain.yml", "uv.lock",
    *(f"evaluation/questions/{name}.jsonl" for name in JUDGED_BY), "evaluation/judge.py",
)  # fmt: skip
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "test.jsonl", "test.sha256", "baselines", "building")
_WRONG = Outcome.WRONG_ANSWER.value


class TrialFailed(Exception):
    """Training or judging ended with an error; the message has its last lines."""


@dataclass(frozen=True)
class Judgement:
    """What the evaluations of the judging questions say together."""

    #: By figure: `count` and `of`.
    headline: dict[str, dict[str, int]]
    #: As `evaluation.figures.misses` gives them.
    misses: list[dict[str, str]]

    @classmethod
    def of(cls, reports: Iterable[Mapping[str, Any]]) -> Judgement:
        """Of the reports that `evaluation.evaluate` writes."""
        headline: dict[str, dict[str, int]] = {}
        misses: list[dict[str, str]] = []
        for report in reports:
            for name, figure in report["headline"].items():
                total = headline.setdefault(name, {"count": 0, "of": 0})
                total["count"] += int(figure["count"])
                total["of"] += int(figure["of"])
            misses += report["misses"]
        return cls(headline, misses)

    def count(self, name: str) -> int:
        """Of how many messages a figure is true."""
        return self.headline[name]["count"]

    def worse_than(self, before: Judgement, marked: Collection[str]) -> list[str]:
        """What got worse, in words.

        A wrong answer that came, and is from or instead of a topic that was marked, is laid to the marks, unless as
        many such went. Of the others as many may come as come with any training.

        Args:
            before: the judgement without the marks.
            marked: their topics.
        """
        worse = []
        for name, (more_is_better, chance) in GUARDED.items():
            old, new = before.count(name), self.count(name)
            if (old - new if more_is_better else new - old) > chance:
                worse.append(f"{name}: {new} instead of {old}")
        came, went = (
            [miss for miss in one._wrong(other) if {miss["asked"], miss["answered"]} & set(marked)]
            for one, other in ((self, before), (before, self))
        )
        if len(came) > len(went):
            named = ", ".join(f"{miss['id']} ({miss['asked']} answered with {miss['answered']})" for miss in came)
            worse.append(f"wrong answers of what is marked: {len(came)} more, {len(went)} less: {named}")
        return worse

    def drawn_to(self, before: Judgement) -> set[str]:
        """Topics that messages are answered with wrongly which were not before."""
        return {miss["answered"] for miss in self._wrong(before)}

    def _wrong(self, other: Judgement) -> list[dict[str, str]]:
        """The wrong answers that the other has not."""
        known = {miss["id"] for miss in other.misses if miss["outcome"] == _WRONG}
        return [miss for miss in self.misses if miss["outcome"] == _WRONG and miss["id"] not in known]


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
            return Judgement(**json.loads(known.read_text(encoding="utf-8")))
        self._run("assistant", "train")
        judgement = Judgement.of([self._report(name) for name in JUDGED_BY])
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps(asdict(judgement)), encoding="utf-8")
        return judgement

    def _report(self, name: str) -> dict[str, Any]:
        report = self.root / "results" / f"{name}.json"
        report.unlink(missing_ok=True)
        self._run("evaluation.evaluate", "--no-typos", "--file", f"evaluation/questions/{name}.jsonl", may_fail=True)
        if not report.is_file():
            raise TrialFailed(f"The evaluation of {name} wrote no report.")
        read: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return read

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
