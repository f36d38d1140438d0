"""Every rule of the closed set is told in words and as a region, and the region is where the rule itself decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optprimer.claims.rules import RULES
from optprimer.claims.statistics import Estimates
from optprimer.claims.wording import RULE_WORDS

ASKED = [(name, needed) for name, rule in RULES.items() for needed in rule.needs]
numbers = st.integers(-40, 40).map(lambda value: value / 4)  # exact, so that ends are met


def test_every_rule_has_words_and_no_other_has():
    assert set(RULE_WORDS) == set(RULES)


@pytest.mark.parametrize(("name", "needed"), ASKED)
def test_the_words_have_every_number_of_the_rule(name, needed):
    optional = RULES[name].may
    says = RULE_WORDS[name].says({parameter: f"<{parameter}>" for parameter in needed | optional})
    for parameter in needed | optional:
        assert f"<{parameter}>" in says
    bare = RULE_WORDS[name].says({parameter: f"<{parameter}>" for parameter in needed})
    assert "<" in bare
    assert not any(f"<{parameter}>" in bare for parameter in optional)


@pytest.mark.parametrize(("name", "needed"), ASKED)
@given(drawn=st.data())
def test_the_region_is_where_the_rule_supports(name, needed, drawn):
    parameters = {each: drawn.draw(numbers, label=each) for each in sorted(needed)}
    for each in {"margin", "tolerance"} & (needed | RULES[name].may):  # half widths
        parameters[each] = abs(drawn.draw(numbers, label=each))
    low, estimate, high = sorted(drawn.draw(st.tuples(numbers, numbers, numbers)))
    bounds = [np.array([value]) for value in (estimate, low, high)]
    found = Estimates(*bounds, n=3, low_90=bounds[1], high_90=bounds[2])
    supports = bool(RULES[name].decide(found, {key: np.array([value]) for key, value in parameters.items()}).supports[0])
    start, end = RULE_WORDS[name].region(parameters)
    if name == "exponent_in":
        assert supports == (low <= start <= high)
    elif "each" in RULES[name].statistics:
        assert supports == (start <= estimate <= end)
    else:
        assert supports == (start < low and high < end)
