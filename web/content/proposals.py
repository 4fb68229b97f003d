"""New wordings, proposed by staff: judged at once, kept with their state, merged by an engineer as a patch."""

from __future__ import annotations

import difflib
import re
import textwrap
from functools import cache
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from shared import never_claims
from shared.clinic import Clinic
from shared.content import DATA, Topic, Wording, dialogue, topics
from shared.located_yaml import BrokenYaml, Located, read
from web.content.models import Proposal

LONGEST = 2_000
_WIDTH = 120
#: Below this share of words in common a word-by-word view is harder to read than both wordings.
_LEAST_ALIKE = 0.4
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")


class NotAcceptable(Exception):
    """The proposed wording can't be kept; `problems` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@cache
def _claims() -> never_claims.NeverClaims:
    return never_claims.load()


def problems_of(text: str, before: str) -> list[str]:
    """What stands against a wording: nothing, or a sentence for each thing to put right."""
    if not text.strip():
        return ["Write the new wording."]
    if text == before:
        return ["This is the wording as it stands. Change something."]
    found = []
    if len(text) > LONGEST:
        found.append(f"It has {len(text)} characters; {LONGEST} is the most.")
    known = {*Clinic().variables(), *_PLACEHOLDER.findall(before)}
    unknown = sorted(set(_PLACEHOLDER.findall(text)) - known)
    found += [f"{{{name}}} stands for nothing here. Use {{clinic_phone}} and its like." for name in unknown]
    found += [
        f'"{said.words}" claims: {said.claim.claim} Say instead: {said.claim.say_instead}'
        for said in _claims().find(text)
    ]
    return found


def clean(text: str) -> str:
    """A wording as it would stand in a file: single blanks, one kind of line end, at most one empty line in a row."""
    lines = (" ".join(line.split()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def propose(wording: Wording, topic: Topic | None, text: str, why: str, author: User) -> Proposal:
    """Keep a new wording for an engineer.

    Raises:
        NotAcceptable: it is empty, no change, too long, fills in what no one knows, or makes a claim.
    """
    text = clean(text)
    problems = problems_of(text, wording.text)
    if problems:
        raise NotAcceptable(problems)
    response, variation = wording.place
    return Proposal.objects.create(
        topic=topic.id if topic else "",
        path=wording.path.relative_to(DATA).as_posix(),
        response=response,
        variation=variation,
        before=wording.text,
        text=text,
        why=why.strip(),
        author=author,
    )


def close(proposal: Proposal, state: Proposal.State, by: User) -> bool:
    """Decline a proposal or take it back; False when it was closed already."""
    still_open = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN)
    return still_open.update(state=state, closed_at=timezone.now(), closed_by=by) == 1


def note_merged() -> int:
    """Close the open proposals whose wording is now in the content; how many there were."""
    merged = 0
    for proposal in Proposal.objects.filter(state=Proposal.State.OPEN):
        current = current_wording(proposal)
        if current is not None and current.text == proposal.text:
            merged += Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN).update(
                state=Proposal.State.MERGED, closed_at=timezone.now()
            )
    return merged


def current_wording(proposal: Proposal) -> Wording | None:
    """The reply as it stands now; None when there is no such reply any more."""
    wordings = [*(topic.wording for topic in topics().values()), *dialogue()]
    place = (proposal.response, proposal.variation)
    return next((one for one in wordings if one.place == place), None)


def is_stale(proposal: Proposal) -> bool:
    """Whether the reply was changed since this was proposed, so that it has to be looked at again."""
    current = current_wording(proposal)
    return current is None or current.text not in (proposal.before, proposal.text)


def word_diff(before: str, after: str) -> list[tuple[str, str]]:
    """Two wordings as runs of words, `("same" | "gone" | "new", words)`; both as a whole when little is the same."""
    old, new = re.findall(r"\S+\s*", before), re.findall(r"\S+\s*", after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:
        return [("gone", before), ("new", after)]
    runs: list[tuple[str, str]] = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            runs.append(("same", "".join(new[new_from:new_to])))
            continue
        if old_to > old_from:
            runs.append(("gone", "".join(old[old_from:old_to])))
        if new_to > new_from:
            runs.append(("new", "".join(new[new_from:new_to])))
    return runs


def patch(proposals: list[Proposal], data: Path = DATA) -> str:
    """Proposals as one patch for `git apply`, made against the files as they are now.

    Of two for the same reply the one proposed last is in it.

    Raises:
        PatchError: a reply is no longer where it was.
    """
    latest = {(one.path, one.response, one.variation): one for one in sorted(proposals, key=lambda one: one.pk)}
    by_file: dict[str, list[Proposal]] = {}
    for proposal in latest.values():
        by_file.setdefault(proposal.path, []).append(proposal)
    return "".join(_file_patch(data, name, by_file[name]) for name in sorted(by_file))


class PatchError(Exception):
    """A proposal can't be made into a patch; the message says which and why."""


def _file_patch(data: Path, name: str, proposals: list[Proposal]) -> str:
    try:
        located = read(data / name)
    except (OSError, BrokenYaml) as error:
        raise PatchError(f"data/{name} can't be read.") from error
    before = located.path.read_text(encoding="utf-8").splitlines(keepends=True)
    after = list(before)
    # From the end, so that the lines before stay where they are.
    for first, proposal in sorted(((_line(located, one), one) for one in proposals), key=lambda pair: -pair[0]):
        head = re.match(r"(?P<lead>\s*(?:- )?)text:", before[first - 1])
        if head is None:
            raise PatchError(f"data/{name}: {proposal.response} has its text within another line. Change it by hand.")
        column = len(head["lead"])
        inner = " " * (column + 2)
        rows = [f"{head['lead']}text: >-"]
        rows += [f"{inner}{row}" if row else "" for row in _folded(proposal.text, _WIDTH - len(inner))]
        after[first - 1 : _end(before, first, column)] = [f"{row}\n" for row in rows]
    return "".join(difflib.unified_diff(before, after, f"a/data/{name}", f"b/data/{name}"))


def _line(located: Located, proposal: Proposal) -> int:
    try:
        located.content["responses"][proposal.response][proposal.variation]["text"]
    except (KeyError, IndexError, TypeError) as error:
        raise PatchError(f"Proposal {proposal.pk}: there is no {proposal.response} in data/{proposal.path}.") from error
    return located.line("responses", proposal.response, proposal.variation, "text")


def _end(lines: list[str], first: int, column: int) -> int:
    """How many lines of the file there are up to the end of a text that begins in line `first`."""
    end = first
    for number, line in enumerate(lines[first:], start=first + 1):
        if line.strip() and len(line) - len(line.lstrip()) <= column:
            break
        if line.strip():
            end = number
    return end


def _folded(text: str, width: int) -> list[str]:
    """A text as the rows of a folded YAML block: a line end of the text is an empty row."""
    rows: list[str] = []
    for index, line in enumerate(text.split("\n")):
        if index:
            rows.append("")
        rows += textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    return rows
