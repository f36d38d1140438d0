"""Rules, numbers, data sets and formulas in words."""

import pytest

from optprimer.page.words import data_in_words, data_sets, mathematical, rule_in_words, shown


@pytest.mark.parametrize(
    ("rule", "parameters", "words"),
    [
        ("bound_holds", {"below": 1.0, "tolerance": 1e-9}, "at most 1, up to 10⁻⁹"),
        ("bound_holds", {"above": 0.03125}, "at least 0.03125"),
        ("at_least", {"threshold": 0.99}, "at least 0.99"),
        ("agrees_within", {"target": -0.5, "tolerance": 0.125}, "within 0.125 of −0.5"),
        ("exponent_in", {"theory": -0.5, "neighbour": -1.0}, "the interval contains the exponent −0.5, and −1 is outside"),
        ("exponent_in", {"theory": -0.5}, "the interval contains the exponent −0.5"),
        ("ci_above", {"threshold": 0.0}, "the interval lies above 0"),
        ("ci_below", {"threshold": 2.0}, "the interval lies below 2"),
        ("equivalent", {"margin": 0.01}, "the 90 % interval lies between −0.01 and 0.01"),
    ],
)
def test_rules_are_said_with_their_numbers(rule, parameters, words):
    assert rule_in_words(rule, parameters) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (-2.0, "−2"),
        (1e-9, "10⁻⁹"),
        (1.5e-6, "1.5·10⁻⁶"),
        (123456.0, "1.235·10⁵"),
        (0.0, "0"),
        (1e10, "10¹⁰"),
        (float("inf"), "∞"),
        (-float("inf"), "−∞"),
        (float("nan"), "?"),
    ],
)
def test_numbers_have_four_digits_and_true_signs(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("digits-8", "scikit-learn's scanned digits, 8×8 pixels"),
        ("cifar10-32", "CIFAR-10, 32×32 pixels"),
        ("cifar10-16", "CIFAR-10, averaged to 16×16 pixels"),
        (
            "cifar10-jpeg75-16",
            "a JPEG copy of CIFAR-10 (quality 75), not the original pixels, averaged to 16×16 pixels",
        ),
        ("cifar10-jpeg-32", "a JPEG copy of CIFAR-10 (of unknown quality), not the original pixels, 32×32 pixels"),
        ("cifar10-custom-32", "a copy of CIFAR-10 whose pixels are not the original ones, 32×32 pixels"),
        ("mine", "mine"),
    ],
)
def test_data_sets_are_called_what_they_are(name, words):
    assert data_in_words(name) == words


def test_data_sets_are_listed_once_and_without_those_of_no_images():
    assert data_sets(["analytic", "digits-8, analytic", "", "digits-8", "cifar10-16"]) == ["cifar10-16", "digits-8"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "||grad L(w_t)||^2 <= 2 beta (L_0 - L_opt)",
            "‖∇L(w<sub>t</sub>)‖<sup>2</sup> ≤ 2 β (L<sub>0</sub> − L<sub>opt</sub>)",
        ),
        ("L(w_t+1), eta_i = 2^-(i+1)/beta", "L(w<sub>t+1</sub>), η<sub>i</sub> = 2<sup>−(i+1)</sup>/β"),
        ("<grad L, g> and exp(-t alpha/beta)", "⟨∇L, g⟩ and exp(−t α/β)"),
        ("i < t, 0 ... t-1, -1/2, well-kept", "i &lt; t, 0 … t−1, −1/2, well-kept"),
        ("sqrt(beta/t), beta/eps^2", "√(β/t), β/ε<sup>2</sup>"),
        ("L_t − L* ≤ (1 − α/β)^(2t) D, e^(−t)", "L<sub>t</sub> − L* ≤ (1 − α/β)<sup>2t</sup> D, e<sup>−t</sup>"),
        ("<b>|gradient|</b>", "&lt;b&gt;|gradient|&lt;/b&gt;"),
    ],
)
def test_formulas_are_set(text, html):
    assert mathematical(text) == html
