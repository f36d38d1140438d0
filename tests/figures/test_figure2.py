"""Figure 2 and its page: what is drawn and said is what the table says."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba

from optprimer.errors import UserError
from optprimer.figures.figure2 import ABOVE, BELOW, LOSS, figure2, nearest, sandwiches, violations
from optprimer.figures.figure2_page import page as draw_page

W = np.linspace(-1.5, 1.5, 25)
BASES = W[::3]
WIDE, NARROW = 1280, 375


def loss(w):
    """Of curvature at most 1."""
    return np.sqrt(1 + w**2)


def slope(w):
    return w / loss(w)


def bound(u, curvature):
    return loss(u) + slope(u) * (W - u) + curvature / 2 * (W - u) ** 2


def rows(method, height, relation, role):
    return pd.DataFrame(
        {
            "data": "analytic", "study": "sandwich", "problem": "hyperbola", "method": method, "quantity": "loss",
            "variable": "w", "t": W, "value": loss(W), "ci_low": loss(W), "ci_high": loss(W), "bound": height,
            "tight_bound": np.nan, "relation": relation, "seeds": 1, "role": role,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def curves():
    frames = [rows("gd", 0.0, "<=", "claim").assign(study="descent")]
    for u in BASES:
        frames.append(rows(f"tangent at {u}", bound(u, 0), ">=", "claim"))
        frames.append(rows(f"parabola at {u}", bound(u, 1), "<=", "claim"))
        if abs(u) < 0.5:
            frames.append(rows(f"half parabola at {u}", bound(u, 0.5), "<=", "control"))
    return pd.concat(frames, ignore_index=True).sample(frac=1, random_state=0)


def line(axes, colour):
    return next(each for each in axes.get_lines() if each.get_color() == colour and len(each.get_xdata()) == len(W))


def test_sandwiches_are_read_whole_and_from_left_to_right(curves):
    found = sandwiches(curves)
    assert [each.u for each in found] == BASES.tolist()
    for each in found:
        np.testing.assert_array_equal(each.w, W)
        np.testing.assert_array_equal(each.loss, loss(W))
        np.testing.assert_array_equal(each.lower, bound(each.u, 0))
        np.testing.assert_array_equal(each.upper, bound(each.u, 1))
        assert each.beta == pytest.approx(1)


def test_the_lowest_point_is_a_gradient_step(curves):
    for each in sandwiches(curves):
        step, height = each.lowest
        assert step == pytest.approx(each.u - slope(each.u))
        assert height == pytest.approx(loss(each.u) - slope(each.u) ** 2 / 2)


def test_a_table_of_other_studies_is_refused(curves):
    with pytest.raises(UserError, match="half parabola"):
        sandwiches(curves[~curves["method"].str.startswith("half")], "half parabola")


def test_violations_are_counted(curves):
    assert violations(sandwiches(curves)) == 0
    control = sandwiches(curves, "half parabola")
    expected = sum(int((loss(W) > bound(each.u, 0.5) + 1e-9).sum()) for each in control)
    assert violations(control) == expected > 0


def test_the_figure_draws_loss_and_bounds_and_shades_between(curves, provenance):
    left, _ = figure2(curves, provenance=provenance).axes
    u = nearest(sandwiches(curves), 0.75).u
    np.testing.assert_array_equal(line(left, LOSS).get_xydata(), np.column_stack([W, loss(W)]))
    np.testing.assert_array_equal(line(left, BELOW).get_ydata(), bound(u, 0))
    np.testing.assert_array_equal(line(left, ABOVE).get_ydata(), bound(u, 1))
    (shade,) = (each for each in left.collections if isinstance(each, PolyCollection))
    heights = shade.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (bound(u, 0).min(), bound(u, 1).max())


def test_the_control_marks_where_the_loss_is_above(curves, provenance):
    _, right = figure2(curves, provenance=provenance).axes
    u = nearest(sandwiches(curves, "half parabola"), 0.5).u
    np.testing.assert_array_equal(line(right, ABOVE).get_ydata(), bound(u, 0.5))
    (shade,) = (each for each in right.collections if isinstance(each, PolyCollection))
    assert to_rgba(shade.get_facecolor()[0])[0] > 0.7
    share = (loss(W) > bound(u, 0.5) + 1e-9).mean()
    assert any(f"{100 * share:.0f} %" in text.get_text() for text in right.texts)


def test_the_caption_has_theorem_constant_and_count(curves, provenance):
    caption = figure2(curves, provenance=provenance).get_supxlabel()
    assert "≤ L(w) ≤" in caption
    assert "β = 1\n" in caption
    assert f"{len(BASES)} base points u times {len(W)} points w: 0 violations" in caption


def test_equal_tables_give_equal_pages(curves, provenance, tmp_path):
    for name in ("one", "other"):
        draw_page(curves, path=tmp_path / name, provenance=provenance)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.fixture(scope="module")
def path(curves, provenance, tmp_path_factory):
    path = tmp_path_factory.mktemp("a page") / "figure2.html"
    draw_page(curves, path=path, provenance=provenance)
    return path


@pytest.fixture(scope="module", params=[WIDE, NARROW])
def opened(visit, path, request):
    return visit(path, request.param)


def drawn(page, trace):
    return page.evaluate(f"(({{x, y}}) => [Array.from(x), Array.from(y)])(document.getElementById('sandwich').data[{trace}])")


def press(page, slider, key, times):
    page.locator(f"#{slider}").focus()
    for _ in range(times):
        page.keyboard.press(key)


@pytest.fixture(autouse=True)
def _reset(request):
    if "opened" in request.fixturenames:
        page = request.getfixturevalue("opened").page
        page.locator("#beta").click()
        press(page, "base", "Home", 1)


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(opened, path):
    assert [url for url in opened.requests if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    assert opened.errors == []


def test_nothing_is_wider_than_the_window(opened):
    width = opened.page.viewport_size["width"]
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    for each in opened.page.locator("#sandwich, input, output, #told").all():
        box = each.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_arrow_keys_move_the_base_point(opened):
    press(opened.page, "base", "ArrowRight", 2)
    u = BASES[2]
    assert drawn(opened.page, 4) == [[u], [pytest.approx(loss(u))]]
    np.testing.assert_allclose(drawn(opened.page, 0)[1], bound(u, 0))
    np.testing.assert_allclose(drawn(opened.page, 1)[1], bound(u, 1))
    ((step,), (height,)) = drawn(opened.page, 5)
    assert (step, height) == pytest.approx((u - slope(u), loss(u) - slope(u) ** 2 / 2))
    assert opened.page.inner_text("#base-value") == f"{u:.3f}".replace("-", "−")
    assert f"at all {len(W)} points" in opened.page.inner_text("#told")


def test_a_smaller_curvature_is_told_to_be_no_bound(opened):
    press(opened.page, "base", "ArrowRight", 4)
    press(opened.page, "share", "ArrowLeft", 10)
    u = BASES[4]
    np.testing.assert_allclose(drawn(opened.page, 1)[1], bound(u, 0.5))
    above = loss(W) > bound(u, 0.5) + 1e-9 * loss(W)
    assert f"at {above.sum()} of {len(W)} points" in opened.page.inner_text("#told")
    assert [y is not None for y in drawn(opened.page, 3)[1]] == above.tolist()


def test_dragging_moves_the_base_point_to_the_pointer(opened):
    page = opened.page
    box = page.locator("#sandwich .nsewdrag").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + (BASES[6] + 1.5) / 3 * box["width"], middle, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"], middle)
    assert drawn(page, 4)[0] == [BASES[6]]
    assert opened.errors == []
