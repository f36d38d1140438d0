"""How the page writes rules and data sets for people."""

import re
from collections.abc import Iterable, Mapping

from markupsafe import Markup, escape

from optprimer.claims.wording import RULE_WORDS

ANALYTIC = "analytic"  # the data of tables in which there are no images


def rule_in_words(rule: str, parameters: Mapping[str, float]) -> str:
    """Say a rule with its numbers: ``ci_above`` and ``{"threshold": 0}`` are "the interval lies above 0"."""
    return RULE_WORDS[rule].says({name: shown(value) for name, value in parameters.items()})


def shown(value: float) -> str:
    """Four digits with a true minus sign, powers of ten as such: 1.2·10⁻⁸; ∞, and ? for what is no number."""
    text = f"{value:.4g}".replace("inf", "∞").replace("nan", "?")
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = power if mantissa == "1" else f"{mantissa}·{power}"
    return text.replace("-", "−")


def data_sets(labels: Iterable[str]) -> list[str]:
    """Return the distinct data sets named in the ``data`` columns of tables, without those of no images."""
    names = {name.strip() for label in labels for name in label.split(",")}
    return sorted(names - {ANALYTIC, ""})


def data_in_words(name: str) -> str:
    """Say what a data set is, as named by optprimer.data: ``cifar10-jpeg75-16`` is a JPEG copy, averaged to 16 pixels."""
    match = re.fullmatch(r"(digits|cifar10)(?:-(jpeg)(\d*)|-(custom))?-(\d+)", name)
    if match is None:
        return name
    family, jpeg, quality, custom, side = match.groups()
    native, text = (8, "scikit-learn's scanned digits") if family == "digits" else (32, "CIFAR-10")
    if jpeg:
        text = f"a JPEG copy of {text} ({f'quality {quality}' if quality else 'of unknown quality'}), not the original pixels"
    if custom:
        text = f"a copy of {text} whose pixels are not the original ones"
    return f"{text}, {'averaged to ' if int(side) < native else ''}{side}×{side} pixels"


_SIGNS = {
    r"\balpha\b": "α", r"\bbeta\b": "β", r"\beta(?=\b|_)": "η", r"\beps\b": "ε", r"\bsigma\b": "σ", r"\bTheta\b": "Θ",
    r"\bgrad\b ?": "∇", r"\bsqrt(?=\()": "√", r"<=": "≤", r">=": "≥", r"\|\|": "‖", r" \.\.\. ": " … ",
    r"<([^<>=]*,[^<>=]*)>": r"⟨\1⟩", r" - ": " − ", r"(?<=\d)-(?=\d)|(?<=\b[tT])-(?=1)|(?<![\w)])-(?=[\dtwβ(])": "−",
}  # fmt: skip
_RAISED = re.compile(r"\^(−?\([^)]*\)|−?\w+)|_(\w+(?:\+1)?)")


def mathematical(text: str) -> Markup:
    """Set the formulas of a plain text: ``||grad L(w_t)||^2 <= 2 beta`` with signs, subscripts and superscripts.

    Names of networks and the like, with an underscore, would be taken for formulas: they do not belong in such a text.
    """
    for pattern, sign in _SIGNS.items():
        text = re.sub(pattern, sign, text)

    def moved(match: re.Match[str]) -> str:
        above, below = match.groups()
        if above and above.startswith("("):
            above = above[1:-1]
        return f"<sup>{above}</sup>" if above else f"<sub>{below}</sub>"

    return Markup(_RAISED.sub(moved, str(escape(text))))
