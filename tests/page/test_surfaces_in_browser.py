"""The surfaces of figure 1, turned by mouse and by keyboard, and where there is no graphics card to draw them."""

import numpy as np
import pytest
from page_in_browser import WIDE, begun, pixels, settled, told, waited


def test_every_surface_is_drawn(each):
    canvases = each.page.locator("#live-figure1 canvas[role=img]").all()
    assert len(canvases) == 2
    for canvas in canvases:
        coloured = np.ptp(pixels(canvas), axis=-1) > 60  # the box, its grid and letters are grey
        assert coloured.mean() > 0.08


@pytest.mark.parametrize("turned", [0, 1])
def test_dragging_a_surface_turns_both_and_the_button_turns_them_back(wide, turned):
    page = wide.page
    page.locator("#live-figure1").scroll_into_view_if_needed()
    canvases = page.locator("#live-figure1 canvas[role=img]").all()
    before = [pixels(canvas) for canvas in canvases]
    box = canvases[turned].bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=3)
    page.mouse.up()
    settled(page)
    turn, tilt = (control.input_value() for control in page.locator("#live-figure1 input").all())
    assert (turn, tilt) == ("-88", "50")
    for canvas, old in zip(canvases, before, strict=True):
        assert (pixels(canvas) != old).any(axis=-1).mean() > 0.05
    page.locator("#live-figure1 button").click()
    settled(page)
    for canvas, old in zip(canvases, before, strict=True):
        assert (pixels(canvas) != old).any(axis=-1).mean() < 0.01


def test_a_surface_turns_on_however_far_it_is_dragged(visit, path):
    page = begun(visit(path, 2560)).page
    page.locator("#live-figure1").scroll_into_view_if_needed()
    turn = page.locator("#live-figure1 input").first
    turn.evaluate("each => { each.value = -170; each.dispatchEvent(new Event('input')); }")
    box = page.locator("#live-figure1 canvas[role=img]").first.bounding_box()
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    turned = []
    for distance in (200, 1400, 1600):
        page.mouse.move(x + distance, y)
        turned.append(turn.input_value())
    page.close()
    assert turned == ["90", "-150", "110"]


def shown_of_figure1(page):
    parts = ".panels", ".steer", "p >> nth=0"
    return [page.locator(f"#live-figure1 {part}").first.is_visible() for part in parts], told(page, "figure1")


ALL, NOTHING = [True] * 3, [False] * 3


def test_without_webgl_the_printed_figure_is_pointed_to(browser, path):
    page = browser.new_page(viewport={"width": WIDE, "height": 800}, offline=True)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(
        "const found = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) "
        "{ return kind.includes('webgl') ? null : found.call(this, kind, ...more); };"
    )
    page.goto(path.as_uri())
    page.locator("#figure-figure1").scroll_into_view_if_needed()
    waited(page, lambda: told(page, "figure1") != "")
    parts, says = shown_of_figure1(page)
    assert parts == NOTHING
    assert "The figure above shows them" in says
    assert errors == []
    page.close()


def test_a_graphics_card_that_is_lost_and_found_draws_again(visit, path):
    opened = begun(visit(path, WIDE, color_scheme="light"))
    page = opened.page
    settled(page)
    canvas = page.locator("#live-figure1 canvas[role=img]").last
    before = pixels(canvas)
    assert shown_of_figure1(page) == (ALL, "")
    page.evaluate(
        "window.lost = [...document.querySelectorAll('#live-figure1 canvas[role=img]')]"
        ".map(each => each.getContext('webgl').getExtension('WEBGL_lose_context')); lost.forEach(each => each.loseContext())"
    )
    waited(page, lambda: told(page, "figure1") != "")
    assert shown_of_figure1(page)[0] == NOTHING
    page.evaluate("lost.forEach(each => each.restoreContext())")
    waited(page, lambda: told(page, "figure1") == "")
    settled(page)
    settled(page)
    assert shown_of_figure1(page)[0] == ALL
    assert (pixels(canvas) != before).any(axis=-1).mean() < 0.01
    assert opened.errors == []
    page.close()


def test_arrow_keys_turn_the_surfaces(wide):
    page = wide.page
    page.locator("#live-figure1 input").first.focus()
    before = pixels(page.locator("#live-figure1 canvas[role=img]").first)
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    settled(page)
    assert page.locator("#live-figure1 output").first.text_content() == "−50°"
    assert (pixels(page.locator("#live-figure1 canvas[role=img]").first) != before).any(axis=-1).mean() > 0.05


def test_what_is_above_the_cap_is_left_open(wide):
    """Without skips three columns of nine are above the cap; the other surface reaches every edge."""
    page = wide.page
    page.locator("#live-figure1 input").nth(1).evaluate("each => { each.value = 90; each.dispatchEvent(new Event('input')); }")
    settled(page)
    open_, whole = (
        (np.ptp(pixels(canvas), axis=-1) > 60).sum() for canvas in page.locator("#live-figure1 canvas[role=img]").all()
    )
    assert 0.6 < open_ / whole < 0.85  # two cells of eight are open, and a part of the one where the loss rises
