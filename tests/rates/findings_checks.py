"""What every study must satisfy, read from its tables alone."""

import pandas as pd


def table(found, name):
    return pd.concat(found.rows[name], ignore_index=True)


def broken_bounds(curves):
    """Rows of ``curves`` on the wrong side of a bound by more than 1e-9."""
    wrong = pd.Series(False, index=curves.index)
    for column in ("bound", "tight_bound"):
        sign = curves["relation"].map({"<=": 1, ">=": -1})
        wrong |= sign * (curves["value"] - curves[column]) > 1e-9 * curves[column].abs()
    return curves[wrong]


def contained(exponents):
    """Whether the interval contains theory's exponent, row by row."""
    return (exponents["ci_low"] <= exponents["theory"]) & (exponents["theory"] <= exponents["ci_high"])


def assert_claims_hold_and_controls_fail(found):
    curves, checks = table(found, "curves"), table(found, "checks")
    assert broken_bounds(curves[curves["role"] == "claim"]).empty
    assert (checks["holds"] == (checks["role"] == "claim")).all(), checks[checks["holds"] != (checks["role"] == "claim")]
    if "exponents" not in found.rows:
        return
    exponents = table(found, "exponents")
    claims = exponents["role"] == "claim"
    assert (contained(exponents) == claims).all(), exponents[contained(exponents) != claims]
    apart = (exponents["neighbour"] < exponents["ci_low"]) | (exponents["neighbour"] > exponents["ci_high"])
    assert (apart | exponents["neighbour"].isna()).all()
