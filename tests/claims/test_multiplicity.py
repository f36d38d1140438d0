"""Holm's adjustment, and which p-value a claim rests on."""

import numpy as np
import pandas as pd
from claims_parts import claim, entry

from optprimer.claims.multiplicity import holm, p_values


def test_the_smallest_is_held_against_the_strictest_level():
    assert holm({"a": 0.012, "b": 0.016, "c": 0.024, "d": 0.049}) == {"a", "b", "c", "d"}  # 0.0125, 0.0167, 0.025, 0.05
    assert holm({"a": 0.012, "b": 0.017, "c": 0.018, "d": 0.9}) == {"a"}  # c fails with b
    assert holm({"a": 0.013, "b": 0.013, "c": 0.013, "d": 0.013}) == set()
    assert holm({}) == set()


def evidence(**values):
    rows = [{"claim": "S9", "role": "evidence", "part": name, "p_value": value} for name, value in values.items()]
    return pd.DataFrame([*rows, {"claim": "S9", "role": "control", "part": "control", "p_value": 0.9}])


def test_a_claim_rests_on_the_largest_p_value_of_its_parts():
    parts = [entry(name=name) for name in "abc"]
    frame = evidence(a=0.01, b=0.03, c=np.nan)
    assert p_values([claim(parts)], frame) == {"S9": 0.03}
    assert p_values([claim(parts, combine=1)], frame) == {"S9": 0.01}
    assert p_values([claim(parts)], evidence(a=np.nan)) == {}
