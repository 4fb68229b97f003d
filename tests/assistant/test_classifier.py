"""The networks: what they learn, and the folds that thresholds are chosen on."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from sklearn.decomposition import TruncatedSVD

from assistant.classifier import SafetyClassifier, fit, fold_of, out_of_fold, reduce

CONFIG = {**SafetyClassifier.get_default_config(), "hidden": 16, "epochs": 400, "svd": 8}
LABELS = np.array(["safety/mri", "safety/pain", "greet"] * 20)


def features() -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
    """Of sixty messages of three kinds that are easily told apart."""
    chance = np.random.default_rng(0)
    kinds = np.unique(LABELS, return_inverse=True)[1]
    dense = np.eye(3, 12, dtype=np.float32)[kinds] + chance.normal(0, 0.05, (60, 12)).astype(np.float32)
    worded = np.abs(chance.normal(0, 0.1, (60, 30))) * (chance.random((60, 30)) < 0.2)
    worded[np.arange(60), kinds] = 1
    return dense, scipy.sparse.csr_matrix(worded.astype(np.float32))


def test_what_was_taught_is_known_and_one_message_is_judged_as_many_are() -> None:
    """Each row is a distribution over the labels, whether messages come alone or together."""
    dense, sparse = features()
    weights = fit(dense, reduce(sparse, 8), LABELS, CONFIG)
    together = weights.probabilities(dense, sparse)
    assert (weights.labels[together.argmax(axis=1)] == LABELS).all()
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    alone = np.vstack([weights.probabilities(dense[[row]], sparse[[row]]) for row in range(60)])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_a_message_without_a_known_word_is_judged_by_its_meaning() -> None:
    """The sparse row is then empty."""
    dense, sparse = features()
    weights = fit(dense, reduce(sparse, 8), LABELS, CONFIG)
    empty = scipy.sparse.csr_matrix((1, sparse.shape[1]), dtype=np.float32)
    assert weights.labels[weights.probabilities(dense[[1]], empty).argmax()] == LABELS[1]


def test_letters_are_reduced_to_bytes_and_lose_next_to_nothing() -> None:
    """A row of the decomposition is what it was but for half a unit of its own."""
    _, sparse = features()
    reduction = reduce(sparse, 8)
    exact = TruncatedSVD(n_components=8, random_state=0).fit(sparse).components_.T
    assert reduction.components.dtype == np.int8
    stored = reduction.components * reduction.units[:, np.newaxis]
    assert (np.abs(stored - exact) <= reduction.units[:, np.newaxis] * 0.51).all()
    np.testing.assert_allclose(reduction.features, sparse @ stored, atol=1e-5)


def test_the_same_examples_give_the_same_networks() -> None:
    """Training is repeatable."""
    dense, sparse = features()
    one, other = (fit(dense, reduce(sparse, 8), LABELS, CONFIG).probabilities(dense, sparse) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_new_example_moves_no_other_to_another_fold() -> None:
    """The fold is by the letters of the example, and the folds are of about one size."""
    folds = [fold_of(f"can I have scan number {number}", 3) for number in range(3000)]
    assert folds[:100] == [fold_of(f"can I have scan number {number}", 3) for number in range(100)]
    assert all(900 < folds.count(fold) < 1100 for fold in range(3))


def test_out_of_fold_no_example_is_judged_by_a_network_that_was_taught_it() -> None:
    """An example with another's label by mistake is not taken for what it says it is."""
    dense, sparse = features()
    wrong = LABELS.copy()
    wrong[0] = "safety/pain"
    names, folds = np.unique(LABELS), np.arange(60) // 3 % 3
    unseen = np.ones(60, dtype=bool)
    probabilities, nearness = out_of_fold(dense, sparse, reduce(sparse, 8), wrong, names, CONFIG, unseen, folds)
    assert names[probabilities[0].argmax()] == "safety/mri"
    assert probabilities.shape == (60, 3)
    assert nearness.shape == (60, 2)
