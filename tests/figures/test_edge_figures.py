"""What the figures of the edge stage show is what the tables say."""

import numpy as np
import pytest
from edge_tables import CONTROL_RATE, DOUBLINGS, EXCESS, RATES, SEEDS, TABLES
from matplotlib.colors import same_color

from optprimer.edge.plan import CLAIM, CONTROL, QUADRATIC
from optprimer.edge.setting import LINEAR, TANH
from optprimer.errors import UserError
from optprimer.figures.convexity import MODELS, convexity
from optprimer.figures.direction import SIDES, direction
from optprimer.figures.edge import edge, rate_colours


@pytest.fixture(scope="module")
def edges(provenance):
    return edge(TABLES["curves"](), TABLES["summary"](), provenance=provenance)


def titled(figure, letter):
    return next(axes for axes in figure.axes if axes.get_title(loc="left").startswith(f"({letter})"))


def drawn(axes, colour, column=1):
    """The curves of one colour, as a list of arrays."""
    lines = [line for line in axes.get_lines() if same_color(line.get_color(), colour) and line.get_linestyle() == "-"]
    return [line.get_xydata()[:, column] for line in lines]


def test_every_run_is_drawn_with_its_rates_colour(edges):
    tanh = TABLES["curves"]().query("network == 'tanh'")
    for rate, colour in rate_colours(RATES["tanh"]).items():
        own = tanh[(tanh["learning_rate"] == rate) & (tanh["role"] == CLAIM)]
        for letter, column in (("a", "loss"), ("b", "sharpness")):
            expected = [run[column].dropna().to_numpy() for _, run in own.groupby("seed")]
            found = drawn(titled(edges, letter), colour)
            assert len(found) == len(SEEDS)
            np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(expected, axis=0))


def test_dotted_lines_stand_at_two_over_the_learning_rate(edges):
    dotted = {
        letter: sorted(line.get_ydata()[0] for line in titled(edges, letter).get_lines() if line.get_linestyle() == ":")
        for letter in "bc"
    }
    assert dotted["b"] == pytest.approx(sorted(2 / rate for rate in RATES["tanh"]))
    assert dotted["c"] == pytest.approx(sorted(2 / rate for rate in (*RATES["tanh"], CONTROL_RATE)))


def test_plateaus_are_in_units_of_the_line_controls_last(edges):
    axes = titled(edges, "d")
    dots = [line.get_xydata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    expected = TABLES["summary"]().query(f"network != '{QUADRATIC}'")
    assert len(dots) == len(expected)
    assert sorted(x for x, _ in dots) == pytest.approx(sorted(expected["plateau"]))
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert [("control" in name) for name in names] == [False, False, True, False, True]
    assert next(x for x, y in dots if y == 0) == pytest.approx(EXCESS, abs=0.01)
    assert any(text.get_text().startswith("1.020; rises on 50 %") for text in axes.texts)


def test_the_quadratic_falls_under_its_line_and_rises_above(edges):
    first, second = (line.get_ydata() for line in titled(edges, "e").get_lines())
    assert sorted([first[-1] > first[0], second[-1] > second[0]]) == [False, True]


def test_a_study_without_networks_is_refused(provenance):
    rows = TABLES["curves"]().query(f"network == '{QUADRATIC}'")
    with pytest.raises(UserError, match=r"curves\.csv"):
        edge(rows, TABLES["summary"](), provenance=provenance)


def test_shares_before_and_after_training(provenance):
    table = TABLES["convexity"]()
    figure = convexity(table, TABLES["spectra"](), provenance=provenance)
    for letter, step in (("a", 0), ("b", 300)):
        axes = titled(figure, letter)
        for network, (colour, marker, _) in MODELS.items():
            found = sorted(line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == marker)
            own = table[(table["network"] == network) & (table["step"] == step)]
            assert found == sorted(own["share"])
            bars = sorted(tuple(bar) for bar in drawn(axes, colour, 0) if len(bar) == 2)
            assert bars == sorted(zip(own["share_low"], own["share_high"], strict=True))
    assert len(titled(figure, "b").get_yticks()) == 4


def test_lowest_eigenvalues_are_drawn_by_start(provenance):
    table = TABLES["spectra"]()
    axes = titled(convexity(TABLES["convexity"](), table, provenance=provenance), "c")
    for network in (TANH, LINEAR):
        found = sorted(map(tuple, (line for line in drawn(axes, MODELS[network][0]))))
        own = table[table["network"] == network].sort_values("step")
        assert found == sorted(tuple(run["lambda_min"]) for _, run in own.groupby("start"))


@pytest.mark.parametrize(("letter", "column"), [("a", "turn"), ("b", "norm"), ("c", "margin")])
def test_runs_and_controls_are_drawn_by_step(letter, column, provenance):
    table = TABLES["direction"]()
    axes = titled(direction(table, provenance=provenance), letter)
    for role in (CLAIM, CONTROL):
        own = table[table["role"] == role].sort_values("doubling")
        found = [line.get_xydata() for line in axes.get_lines() if line.get_marker() == SIDES[role][1]]
        assert len(found) == len(SEEDS)
        for line, (_, run) in zip(sorted(found, key=lambda xy: xy[0, 0]), own.groupby("seed"), strict=True):
            np.testing.assert_array_equal(line, run[["step", column]].to_numpy(float))


def test_the_losses_at_the_ends_are_told(provenance):
    texts = [text.get_text() for text in titled(direction(TABLES["direction"](), provenance=provenance), "b").texts]
    assert texts == ["loss e$^{−5}$", f"loss e$^{{−{2 ** (DOUBLINGS - 1)}}}$"]
