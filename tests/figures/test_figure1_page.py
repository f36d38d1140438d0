"""The page of figure 1 in a real browser, on a wide screen and on a telephone."""

import io

import numpy as np
import pytest
from PIL import Image

from optprimer.figures.figure1 import VIEW
from optprimer.figures.figure1_page import camera
from optprimer.figures.figure1_page import page as draw_page

WIDE, NARROW = 1280, 375
TITLES = [
    "ResNet-56, no skip connections\ntest error 39.8 %, training loss at the centre 0.9",
    "ResNet-56, with skip connections\ntest error 3.2 %, training loss at the centre 0.07",
]


@pytest.fixture(scope="module")
def path(tables, provenance, tmp_path_factory):
    path = tmp_path_factory.mktemp("a page") / "figure1.html"
    draw_page(tables["surface"], tables["history"], path=path, provenance=provenance)
    return path


@pytest.fixture(scope="module")
def wide(visit, path):
    return visit(path, WIDE)


@pytest.fixture(scope="module")
def narrow(visit, path):
    return visit(path, NARROW)


@pytest.fixture(params=[WIDE, NARROW])
def either(request):
    return request.getfixturevalue("wide" if request.param == WIDE else "narrow")


def canvases(page):
    return page.locator("#landscape canvas").all()


def boxes(locators):
    """Left, top, right and bottom of each."""
    found = [each.bounding_box() for each in locators]
    return [(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]) for box in found]


def picture(canvas):
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)


def cameras(page):
    return page.evaluate("['scene', 'scene2'].map(key => document.getElementById('landscape').layout[key].camera)")


def drag(page, start, end, steps=8):
    """Press at ``start`` and move to ``end``, each step in a frame of its own: moves within one frame are taken together."""
    page.mouse.move(*start)
    page.mouse.down()
    for point in np.linspace(start, end, steps + 1)[1:]:
        page.mouse.move(*point)
        page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def test_the_camera_looks_from_where_the_printed_figure_is_seen():
    eye, centre = (np.array([camera()[key][axis] for axis in "xyz"]) for key in ("eye", "center"))
    x, y, z = (eye - centre) / np.linalg.norm(eye - centre)
    assert np.degrees([np.arcsin(z), np.arctan2(y, x)]) == pytest.approx([VIEW["elev"], VIEW["azim"]])


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(either, path):
    assert [url for url in either.requests if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    assert either.errors == []


def test_both_surfaces_are_drawn(either):
    drawn = canvases(either.page)
    assert len(drawn) == 2
    for canvas in drawn:
        pixels = picture(canvas)
        coloured = np.ptp(pixels, axis=-1) > 60  # the box and its grid are grey, the letters at most 53
        assert coloured.mean() > 0.05


def test_panels_are_side_by_side_on_a_wide_screen(wide):
    (_, top, right, bottom), (next_left, *others) = boxes(canvases(wide.page))
    assert next_left >= right
    assert (others[0], others[2]) == (top, bottom)


def test_panels_are_one_above_the_other_on_a_telephone(narrow):
    (left, _, right, bottom), (next_left, next_top, next_right, _) = boxes(canvases(narrow.page))
    assert next_top >= bottom
    assert (next_left, next_right) == (left, right)


def test_nothing_is_wider_than_the_window(either):
    width = either.page.viewport_size["width"]
    assert either.page.evaluate("document.documentElement.scrollWidth") == width
    assert all(left >= 0 and right <= width for left, _, right, _ in boxes(canvases(either.page)))


def test_each_title_stands_whole_above_the_middle_of_its_panel(either):
    texts = either.page.locator("#landscape .annotation-text")
    assert [
        text.replace("connectionstest", "connections\ntest").replace(",training", ", training")
        for text in texts.all_text_contents()
    ] == TITLES
    ((start, top, end, _),) = boxes(either.page.locator("#landscape").all())
    for title, panel in zip(boxes(texts.all()), boxes(canvases(either.page)), strict=True):
        assert start <= title[0]
        assert title[2] <= end
        assert top <= title[1]
        assert title[3] <= panel[1]
        assert title[0] + title[2] == pytest.approx(panel[0] + panel[2], abs=4)  # letters are set on whole pixels


def test_no_panel_covers_the_words_above_and_below(either):
    words = boxes(either.page.locator("h1, body > p").all())
    ((_, top, _, bottom),) = boxes(either.page.locator("#landscape .svg-container").all())
    assert [box[3] <= top for box in words] == [True, True, False]
    assert words[-1][1] >= bottom


@pytest.mark.parametrize("turned", [0, 1])
def test_turning_one_panel_turns_the_other(wide, turned):
    page, other = wide.page, canvases(wide.page)[1 - turned]
    before, looked, errors = cameras(page), picture(other), list(wide.errors)
    left, top, right, bottom = boxes(canvases(page))[turned]
    middle = np.array([left + right, top + bottom]) / 2
    drag(page, middle, middle + np.array([80, 30]))
    while_held = cameras(page)[1 - turned]
    page.mouse.up()
    after = cameras(page)
    assert after[0] == after[1]
    assert np.hypot(*(after[turned]["eye"][axis] - before[turned]["eye"][axis] for axis in "xy")) > 0.1
    assert while_held["eye"] != before[1 - turned]["eye"]
    assert (picture(other) != looked).any(axis=-1).mean() > 0.05
    assert wide.errors == errors
