"""Softmax regression against closed forms, another solver, and labels that it can and cannot fit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from optprimer.memorization.linear import GRADIENT_TOLERANCE, softmax_regression


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 20), min_size=3, max_size=3), min_size=2, max_size=4))
def test_indicators_of_groups_give_the_shares_of_the_groups(counts):
    """With one input per group, the best probabilities are the shares, and the loss is the conditional entropy."""
    counts = np.array(counts)
    rows = [(group, label) for (group, label), count in np.ndenumerate(counts) for _ in range(count)]
    groups, labels = np.array(rows).T
    fit = softmax_regression(np.eye(len(counts))[groups], labels, 3)
    shares = counts / counts.sum(1, keepdims=True)
    assert fit.loss == pytest.approx(-(counts * np.log(shares)).sum() / counts.sum(), rel=1e-8)
    logits = fit.weights + fit.biases
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert probabilities == pytest.approx(shares, abs=1e-5)
    assert fit.train_accuracy == pytest.approx(counts.max(1).sum() / counts.sum(), abs=1e-12) or _tied(counts)
    assert fit.gradient_norm <= GRADIENT_TOLERANCE


def _tied(counts: np.ndarray) -> bool:
    top = np.sort(counts, 1)
    return bool((top[:, -1] == top[:, -2]).any())


def test_another_solver_finds_the_same_optimum():
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((400, 5)) @ generator.standard_normal((5, 5)) + 3
    labels = generator.integers(4, size=400)
    fit = softmax_regression(inputs, labels, 4)
    other = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-8, max_iter=1000).fit(inputs, labels)
    assert fit.loss == pytest.approx(-other.predict_log_proba(inputs)[np.arange(400), labels].mean(), rel=1e-7)
    assert np.array_equal(fit.predict(inputs), other.predict(inputs))
    assert fit.train_accuracy == other.score(inputs, labels)
    assert fit.weights - fit.weights.mean(1, keepdims=True) == pytest.approx(other.coef_.T, abs=1e-4)


def test_the_gradient_of_the_returned_model_is_zero():
    generator = np.random.default_rng(1)
    inputs, labels = generator.standard_normal((300, 4)), generator.integers(3, size=300)
    fit = softmax_regression(inputs, labels, 3)
    logits = inputs @ fit.weights + fit.biases
    errors = np.exp(logits) / np.exp(logits).sum(1, keepdims=True) - np.eye(3)[labels]
    assert np.abs(inputs.T @ errors / 300).max() < 1e-6
    assert np.abs(errors.mean(0)).max() < 1e-6


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_correlated_dependent_and_badly_scaled_inputs_do_not_change_the_fit(scale):
    generator = np.random.default_rng(2)
    inputs, labels = generator.standard_normal((300, 4)), generator.integers(3, size=300)
    mixed = inputs @ np.array([[1, 1, 0, 0], [0, 1e-4, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]]) + 7
    redundant = scale * np.hstack([mixed, mixed.sum(1, keepdims=True), np.ones((300, 1))])
    one, other = softmax_regression(inputs, labels, 3), softmax_regression(redundant, labels, 3)
    assert one.loss == pytest.approx(other.loss, rel=1e-9)
    assert np.array_equal(one.predict(inputs), other.predict(redundant))


def test_digits_are_fitted_with_true_labels_but_not_with_random_ones():
    digits = load_digits()
    random = np.random.default_rng(0).integers(10, size=len(digits.target))
    true = softmax_regression(digits.data, digits.target, 10)
    fit = softmax_regression(digits.data, random, 10)
    assert true.train_accuracy == 1
    assert true.loss < 1e-4
    assert 0.15 < fit.train_accuracy < 0.3
    assert fit.gradient_norm <= GRADIENT_TOLERANCE
    # More than 64 x 10 free parameters would explain, less than the log 10 of a model that knows nothing.
    assert math.log(10) - 9 * 65 / len(random) < fit.loss < math.log(10)


def test_few_images_with_random_labels_are_separable():
    generator = np.random.default_rng(3)
    inputs, labels = generator.standard_normal((100, 50)), generator.integers(10, size=100)
    assert softmax_regression(inputs, labels, 10).train_accuracy == 1
    wide = softmax_regression(inputs[:, :5], labels, 10)
    assert wide.train_accuracy < 0.6
