"""New wordings: judged at once, kept with their state, and given to an engineer as a patch that applies."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from shared.content import DATA, Topic, dialogue, load_topics, topics
from web.content.models import Proposal
from web.content.proposals import (
    NotAcceptable,
    PatchError,
    close,
    is_stale,
    note_merged,
    patch,
    propose,
    word_diff,
)

pytestmark = pytest.mark.django_db

NEW = (
    'Ask the clinic first.\n\nThen read {clinic_phone} twice: it is "the" number, isn\'t it? ' + "Wash it gently. " * 12
)


@pytest.fixture
def author() -> User:
    return User.objects.create_user("mary")


@pytest.fixture
def mri() -> Topic:
    return topics()["mri"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("   ", "Write the new wording"),
        ("SMP is 100% safe.", "claims"),
        ("Our ink is FDA approved.", "FDA"),
        ("No known side effects of the procedure have been reported.", "claims"),
        ("Call {clinic_fone}.", "{clinic_fone}"),
        ("word " * 500, "is the most"),
    ],
)
def test_a_wording_that_must_not_be_said_is_not_kept(mri: Topic, author: User, text: str, said: str) -> None:
    """The reason is given in words, and nothing is stored."""
    with pytest.raises(NotAcceptable, match=said):
        propose(mri.wording, mri, text, "", author)
    assert not Proposal.objects.exists()


def test_no_change_is_no_proposal(mri: Topic, author: User) -> None:
    """Line ends and blanks are no change either."""
    with pytest.raises(NotAcceptable, match="as it stands"):
        propose(mri.wording, mri, f"  {mri.wording.text.replace('. ', '.  ')}\r\n", "", author)


def test_a_proposal_is_kept_with_what_it_changes(mri: Topic, author: User) -> None:
    """What it replaces, why, by whom; it waits for an engineer."""
    kept = propose(mri.wording, mri, NEW, " Shorter. ", author)
    assert (kept.topic, kept.path, kept.response, kept.before) == (
        "mri", "topics/mri.yml", "utter_safety/mri", mri.wording.text,
    )  # fmt: skip
    assert (kept.why, kept.author, kept.state, is_stale(kept)) == ("Shorter.", author, "open", False)


def test_a_closed_proposal_stays_closed(mri: Topic, author: User) -> None:
    """Declined once is declined; taking it back after that changes nothing."""
    kept = propose(mri.wording, mri, NEW, "", author)
    assert close(kept, Proposal.State.DECLINED, author)
    assert not close(kept, Proposal.State.WITHDRAWN, author)
    assert Proposal.objects.get().state == "declined"


def test_what_is_in_the_content_by_now_counts_as_merged(mri: Topic, author: User) -> None:
    """And nothing else does."""
    kept = propose(mri.wording, mri, NEW, "", author)
    assert note_merged() == 0
    Proposal.objects.filter(pk=kept.pk).update(text=mri.wording.text, before="Old words.")
    assert note_merged() == 1
    assert Proposal.objects.get().state == "merged"


def test_a_proposal_for_a_reply_that_changed_since_is_marked(mri: Topic, author: User) -> None:
    """Someone has to look at it again."""
    kept = propose(mri.wording, mri, NEW, "", author)
    kept.before = "Words of last week."
    assert is_stale(kept)
    kept.response = "utter_safety/gone"
    assert is_stale(kept)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(DATA, tmp_path / "data")
    return tmp_path


def test_the_patch_applies_and_changes_those_words_only(project: Path, author: User) -> None:
    """After `git apply` the topics say the new words, and everything else of the content is as it was."""
    changed = {
        "mri": NEW.strip(),
        "emergency_eye": "Rinse it. Then call {emergency_line}: now!",
        "cost": "# 1\n- a: b\n'c'",
    }
    for name, text in changed.items():
        propose(topics()[name].wording, topics()[name], text, "", author)
    written = patch(list(Proposal.objects.all()), project / "data")
    subprocess.run(["git", "apply", "-"], input=written, text=True, cwd=project, check=True)
    after = load_topics(project / "data")
    for name, topic in topics().items():
        assert after[name].wording.text == changed.get(name, topic.wording.text)
        assert after[name].about == topic.about
        assert after[name].examples == topic.examples


def test_every_reply_can_be_changed_by_a_patch(project: Path, author: User) -> None:
    """Wherever and however it is written in the files, several in one file too."""
    wordings = [*(topic.wording for topic in topics().values()), *dialogue()]
    for wording in wordings:
        propose(wording, None, f"{wording.text} And that is that.", "", author)
    written = patch(list(Proposal.objects.all()), project / "data")
    subprocess.run(["git", "apply", "-"], input=written, text=True, cwd=project, check=True)
    assert all(
        topic.wording.text == f"{topics()[name].wording.text} And that is that."
        for name, topic in load_topics(project / "data").items()
    )


def test_a_reply_that_is_gone_is_named(project: Path, mri: Topic, author: User) -> None:
    """Instead of a patch that does something else."""
    kept = propose(mri.wording, mri, NEW, "", author)
    kept.response = "utter_safety/gone"
    with pytest.raises(PatchError, match="utter_safety/gone"):
        patch([kept], project / "data")


def test_the_command_lists_and_writes_the_patch(mri: Topic, author: User) -> None:
    """Both for the same proposals."""
    kept = propose(mri.wording, mri, NEW, "", author)
    listed, written = io.StringIO(), io.StringIO()
    call_command("proposals", stdout=listed)
    call_command("proposals", str(kept.pk), "--patch", stdout=written)
    assert "data/topics/mri.yml" in listed.getvalue()
    assert "mary" in listed.getvalue()
    assert written.getvalue() == patch([kept])


def test_the_difference_is_shown_word_by_word() -> None:
    """Runs of words that stay, go and come."""
    assert word_diff("Call us now.", "Call them at once, now.") == [
        ("same", "Call "),
        ("gone", "us "),
        ("new", "them at once, "),
        ("same", "now."),
    ]


def test_wordings_with_little_in_common_are_shown_whole() -> None:
    """Word by word nobody could read them."""
    assert word_diff("Most people feel some of it.", "Ask the clinic for a list of prices.") == [
        ("gone", "Most people feel some of it."),
        ("new", "Ask the clinic for a list of prices."),
    ]
