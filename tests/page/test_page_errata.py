"""The section of errata: in order, numbered, and marked as the numbers say."""

import re

import pytest
from page_inputs import errata, inputs

from optprimer.page.render import page


def section(rows):
    html = page(**(inputs() | {"errata": rows}))
    return html[html.index('<section id="errata"') : html.index('<section id="blanks"')]


def test_errata_are_in_order_with_both_numbers():
    part = section(errata())
    assert re.findall(r'<li value="(\d)"', part) == ["1", "2"]
    assert "gradient norm of order √(β/t)" in part
    assert "√(2 β (L<sub>0</sub> − L<sub>opt</sub>)/t)" in part
    assert "error 0.5" in part
    assert "error 10⁻¹⁶" in part


def test_errata_have_the_numbers_by_which_claims_name_them():
    part = section(errata())
    entry = r'<li value="(\d)" id="erratum-(\d)">\s*<p class="place"><a class="id" href="#erratum-(\d)">(\d)</a>'
    assert re.findall(entry, part) == [("1",) * 4, ("2",) * 4]


@pytest.mark.parametrize(
    ("changed", "marks"),
    [
        ({}, [("wrong", "Printed"), ("right", "Holds")]),
        ({"printed_error": 1e-9}, [("right", "Printed"), ("right", "Holds")]),  # the tolerance itself is allowed
        ({"corrected_error": 0.1}, [("wrong", "Printed"), ("wrong", "Instead")]),
        ({"printed_error": 0.0, "corrected_error": 0.1}, [("right", "Printed"), ("wrong", "Instead")]),
    ],
)
def test_an_erratum_is_marked_as_its_numbers_say(changed, marks):
    part = section(errata().iloc[:1].assign(**changed))
    assert re.findall(r'<dt class="(\w+)">(\w+)</dt>', part) == marks
    assert ("do not tell" in part) == bool(changed)


def test_errata_that_were_not_computed_are_told():
    assert "errata were not computed" in section(errata().iloc[:0])
