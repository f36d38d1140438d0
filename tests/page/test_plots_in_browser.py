"""The plots that can be moved, by mouse and by keyboard: what they show and say holds."""

import itertools
import re

import numpy as np
import pytest
from page_in_browser import LIVE, curve, pixels, told
from page_inputs import LEVELS, W, sandwich_loss

PLOTS = ("plot-figure2", "plot-descent-path", "plot-descent-loss", "plot-memorization-epochs", "plot-memorization-ends")


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_is_drawn_within_its_frame(each, plot):
    lines = each.page.locator(f"#{plot} > g:nth-of-type(2) path").all()
    assert lines
    for line in lines:
        assert "NaN" not in line.get_attribute("d")
    assert each.page.locator(f"#{plot} .axes text").count() > 6
    assert len(np.unique(pixels(each.page.locator(f"#{plot}")).reshape(-1, 3), axis=0)) > 10


def test_the_base_point_moves_by_keys_and_by_dragging(each):
    page = each.page
    box = page.locator("#live-figure2")
    box.scroll_into_view_if_needed()
    box.locator("input").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    u = W[::3][1]
    assert f"u = {u:.3f}".replace("-", "−") == box.locator("output").first.text_content()
    step = u - u / sandwich_loss(u)
    assert f"w = {step:.2f}" in told(page, "figure2").replace("−", "-")
    assert f"at all {len(W)} points" in told(page, "figure2")
    before = curve(page, "plot-figure2", "first")
    plot = page.locator("#plot-figure2").bounding_box()
    page.mouse.move(plot["x"] + 0.8 * plot["width"], plot["y"] + 0.5 * plot["height"])
    page.mouse.down()
    page.mouse.move(plot["x"] + 0.7 * plot["width"], plot["y"] + 0.5 * plot["height"], steps=3)
    page.mouse.up()
    assert box.locator("output").first.text_content() == "u = 0.375"
    assert (np.diff(curve(page, "plot-figure2", "first")[:, 1]) < 0).all()  # up: y points down
    assert (np.diff(before[:, 1]) > 0).all()


@pytest.mark.parametrize("key", ["Home", "End"])
def test_numbers_hold_at_both_ends_of_the_loss(each, key):
    page = each.page
    box = page.locator("#live-figure2")
    box.scroll_into_view_if_needed()
    box.locator("input").first.focus()
    page.keyboard.press(key)
    u = W[::3][0 if key == "Home" else -1]
    slope = u / sandwich_loss(u)
    said = told(page, "figure2").replace("−", "-")
    lowest, least, loss = (
        float(number) for number in re.search(r"at w = (\S+): the parabola has (\S+) there, the loss (\S+)\.$", said).groups()
    )
    assert lowest == pytest.approx(u - slope, abs=0.006)
    assert least == pytest.approx(sandwich_loss(u) - slope**2 / 2, abs=0.006)
    assert loss == pytest.approx(sandwich_loss(u - slope), abs=0.01)  # between points of the table
    assert loss < least


@pytest.mark.parametrize("name", LIVE[1:])
def test_words_in_the_plots_stand_apart_wherever_sliders_stand(each, name):
    page = each.page
    page.locator(f"#live-{name}").scroll_into_view_if_needed()
    for slider in page.locator(f"#live-{name} input").all():
        stood = slider.input_value()
        for key in ("Home", "End"):
            slider.focus()
            page.keyboard.press(key)
            for plot in page.locator(f"#live-{name} svg").all():
                boxes = [word.bounding_box() for word in plot.locator(".words text").all()]
                for one, other in itertools.combinations(boxes, 2):
                    apart = [
                        max(one[at], other[at]) >= min(one[at] + one[size], other[at] + other[size]) - 3  # of empty line
                        for at, size in (("x", "width"), ("y", "height"))
                    ]
                    assert any(apart), (slider.input_value(), one, other)
        slider.evaluate(f"each => {{ each.value = {stood}; each.dispatchEvent(new Event('input')); }}")


def test_a_key_names_the_lines_of_figure_2_in_their_colours(each):
    for name, line in (("loss", "ink"), ("parabola", "second"), ("tangent", "first")):
        sample = each.page.locator("#live-figure2 .named span", has_text=name)
        drawn = each.page.locator(f"#plot-figure2 path.{line}").first
        assert sample.evaluate("each => getComputedStyle(each, '::before').borderTopColor") == drawn.evaluate(
            "each => getComputedStyle(each).stroke"
        )


def test_a_smaller_curvature_is_told_to_be_no_bound(each):
    page = each.page
    box = page.locator("#live-figure2")
    box.locator("input").nth(1).focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    base = W[::3][int(box.locator("input").first.input_value())]
    tangent = sandwich_loss(base) + base / sandwich_loss(base) * (W - base)
    above = (sandwich_loss(W) > tangent + (W - base) ** 2 / 4 + 1e-6).sum()
    assert f"above the parabola at {above} of {len(W)} points" in told(page, "figure2")
    box.locator("button").click()
    assert "at all" in told(page, "figure2")


def test_the_promise_of_the_descent_lemma(each):
    page = each.page
    box = page.locator("#live-descent")
    box.scroll_into_view_if_needed()
    slider = box.locator("input")
    for step, says in (
        (10, "from 2.00 to 0.00; the lemma promises 0.00 or less"),
        (15, "from 2.00 to 0.50; the lemma promises 0.50 or less"),
        (20, "from 2.00 to 2.00: at ηβ = 2 the lemma promises nothing"),
        (25, "from 2.00 to 4.50: beyond ηβ = 2 the lemma promises nothing"),
    ):
        slider.evaluate(f"each => {{ each.value = {step}; each.dispatchEvent(new Event('input')); }}")
        assert says in told(page, "descent")
    assert "it had diverged" in told(page, "descent")
    rising = curve(page, "plot-descent-loss", "second")
    assert (np.diff(rising[:, 1]) < 0).all()
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert box.locator("output").first.text_content() == "ηβ = 1.5"
    assert "the gradient was 10⁻¹²" in told(page, "descent").replace("1.0·", "")
    falling = curve(page, "plot-descent-loss", "second")
    assert (np.diff(falling[:, 1]) > 0).all()
    assert page.locator("#plot-descent-loss circle.ring").count() > 5


def test_another_loss_is_better_than_its_promise(each):
    page = each.page
    box = page.locator("#live-descent")
    box.locator("select").select_option("√(1 + w²)")
    before, after, promise = (
        float(number)
        for number in re.search(r"from ([\d.]+) to ([\d.]+); the lemma promises ([\d.]+)", told(page, "descent")).groups()
    )
    assert after < promise < before
    box.locator("select").select_option("w²/2")


def test_test_accuracy_falls_with_the_share_of_wrong_labels(each):
    page = each.page
    box = page.locator("#live-memorization")
    box.scroll_into_view_if_needed()
    box.locator("input").focus()
    page.keyboard.press("Home")
    ends = []
    for share in LEVELS:
        test = 100 * (1 - 0.9 * share)
        assert box.locator("output").text_content() == f"{100 * share:.0f} %"
        assert f"training accuracy 100.0 %, all fitted after 4 epochs; test accuracy {test:.1f} % [" in told(
            page, "memorization"
        )
        ends.append(curve(page, "plot-memorization-epochs", "second")[-1, 1])
        page.keyboard.press("ArrowRight")
    assert (np.diff(ends) > 0).all()  # y points down
    top = curve(page, "plot-memorization-epochs", "first")[-1, 1]
    assert ends[0] == pytest.approx(top)
    assert box.locator("option").all_text_contents() == ["MLP 1×512"]
