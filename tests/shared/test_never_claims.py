"""The never-claims: each is caught in its forms, and what denies it passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared import never_claims
from shared.never_claims import Claim, NeverClaims

CLAIMS = never_claims.load()
MUST_CATCH = [(claim.id, sentence) for claim in CLAIMS.claims for sentence in claim.must_catch]
MUST_PASS = [(claim.id, sentence) for claim in CLAIMS.claims for sentence in claim.must_pass]


def _found(text: str) -> list[str]:
    return [said.claim.id for said in CLAIMS.find(text)]


def test_there_are_nineteen_claims() -> None:
    """No claim was lost or doubled."""
    assert len({claim.id for claim in CLAIMS.claims}) == len(CLAIMS.claims) == 19


@pytest.mark.parametrize(("claim", "sentence"), MUST_CATCH)
def test_a_claim_is_caught(claim: str, sentence: str) -> None:
    """Each sample that makes the claim is found, for that claim."""
    assert claim in _found(sentence)


@pytest.mark.parametrize(("claim", "sentence"), MUST_PASS)
def test_what_denies_a_claim_passes(claim: str, sentence: str) -> None:
    """No claim at all is found in a sample that may be said."""
    assert _found(sentence) == []


@pytest.mark.parametrize("claim", CLAIMS.claims, ids=lambda claim: claim.id)
def test_what_is_said_instead_passes(claim: Claim) -> None:
    """The words a claim is replaced by make no claim of their own."""
    assert _found(claim.say_instead) == []


@pytest.mark.parametrize("claim", CLAIMS.claims, ids=lambda claim: claim.id)
def test_every_pattern_is_needed(claim: Claim) -> None:
    """A claim without its patterns catches nothing, so the samples do test them."""
    deaf = NeverClaims([claim.model_copy(update={"says": [r"(?!)"]})])
    assert [said for sentence in claim.must_catch for said in deaf.find(sentence)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Good news.\nIt is\npainless.",
        "It\u2019s nothing special: it is pain\u2011free.",
        "IT IS PAINLESS",
        "It is not expensive. It is painless.",
        "It does not take long, but it is painless.",
        "Is it painless? Yes.",
    ],
)
def test_neither_layout_nor_a_denial_elsewhere_hides_a_claim(text: str) -> None:
    """A claim is found across lines, with typographic marks, and beside a "not" that belongs to something else."""
    assert _found(text) == ["painless"]


def test_a_finding_has_the_words_and_the_claim() -> None:
    """A finding says which words make which claim."""
    (said,) = CLAIMS.find("Rest well. The ink is FDA approved.")
    assert (said.claim.id, said.words) == ("fda_approved", "FDA approved")


def test_a_claim_without_samples_is_refused(tmp_path: Path) -> None:
    """A claim nobody can test is not loaded."""
    path = tmp_path / "claims.yml"
    path.write_text("claims:\n- {id: a, claim: b, say_instead: c, says: ['x']}\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="must_catch"):
        never_claims.load(path)
