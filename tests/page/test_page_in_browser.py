"""The page in a real browser: wide and narrow, light and dark, printed, without scripts, by mouse and by keyboard."""

import io
import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from page_inputs import FIGURES, LEVELS, W, inputs, sandwich_loss
from PIL import Image

from optprimer.figures.provenance import Provenance
from optprimer.page.render import page as render

WIDE, NARROW = 1280, 375
LIVE = ("figure1", "figure2", "descent", "memorization")
PLOTS = ("plot-figure2", "plot-descent-path", "plot-descent-loss", "plot-memorization-epochs", "plot-memorization-ends")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("a page") / "index.html"
    path.write_text(render(**inputs()), encoding="utf-8")
    return path


def begun(opened):
    """Scroll to all that can be moved, which begins it, and wait until it says where it stands."""
    for name in LIVE:
        opened.page.locator(f"#live-{name}").scroll_into_view_if_needed()
        for output in opened.page.locator(f"#live-{name} output").all():
            waited(
                opened.page, lambda output=output: output.text_content() != "" or output.locator("xpath=..//input").count() == 0
            )
    return opened


def waited(page, condition):
    for _ in range(150):
        if condition():
            return
        page.wait_for_timeout(100)
    raise TimeoutError


def settled(page):
    """Two frames: the first draws what was asked for, after the second it is on the screen."""
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


@pytest.fixture(scope="module")
def wide(visit, path):
    return begun(visit(path, WIDE, color_scheme="light"))


@pytest.fixture(scope="module")
def narrow(visit, path):
    return begun(visit(path, NARROW, color_scheme="light"))


@pytest.fixture(scope="module")
def dark(visit, path):
    return begun(visit(path, WIDE, color_scheme="dark"))


@pytest.fixture(params=["wide", "narrow", "dark"])
def each(request):
    return request.getfixturevalue(request.param)


def pixels(locator):
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)


def told(page, name):
    return page.locator(f"#live-{name} .told").text_content()


def curve(page, plot, kind):
    """The points of the first line of a class, in units of the drawing."""
    line = page.locator(f"#{plot} path.{kind}").first.get_attribute("d")
    return np.array([[float(number) for number in point.split()] for point in re.findall(r"[ML]([-\d. ]+)", line)])


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(each, path):
    assert [url for url in each.requests if not url.startswith("data:")] == [path.as_uri()]
    assert each.errors == []


def test_every_picture_is_loaded(each):
    widths = each.page.evaluate("Promise.all([...document.images].map(each => each.decode().then(() => each.naturalWidth)))")
    assert widths == [70] * len(FIGURES)


def test_every_surface_is_drawn(each):
    canvases = each.page.locator("#live-figure1 canvas[role=img]").all()
    assert len(canvases) == 2
    for canvas in canvases:
        coloured = np.ptp(pixels(canvas), axis=-1) > 60  # the box, its grid and letters are grey
        assert coloured.mean() > 0.08


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_is_drawn_within_its_frame(each, plot):
    lines = each.page.locator(f"#{plot} > g:nth-of-type(2) path").all()
    assert lines
    for line in lines:
        assert "NaN" not in line.get_attribute("d")
    assert each.page.locator(f"#{plot} .axes text").count() > 6
    assert len(np.unique(pixels(each.page.locator(f"#{plot}")).reshape(-1, 3), axis=0)) > 10


def test_nothing_is_wider_than_the_window(each):
    width = each.page.viewport_size["width"]
    each.page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert each.page.evaluate("document.documentElement.scrollWidth") == width
    each.page.evaluate("for (const details of document.querySelectorAll('details')) details.open = false")


OPEN = "for (const details of document.querySelectorAll('details')) details.open = true"


@pytest.fixture(scope="module")
def wordy(tmp_path_factory):
    """A page of words without end, as names of runs, networks and files are at times."""
    word, given = "incomprehensibilities" * 12, inputs()
    claims, evidence, errata = (given[name] for name in ("claims", "evidence", "errata"))
    claims[["statement", "reason", "evidence", "control", "published", "differs", "source"]] = word
    claims.loc[~claims["ci_low"].isna(), "ci_method"] = word
    evidence[["selection", "table", "reason"]] = word
    evidence["part"] += word
    errata[["section", "place", "printed", "corrected", "check"]] = word
    about = replace(given["about"], provenance=Provenance(word, 0, word, word, word), scale=word, data=(word,), command=word)
    path = tmp_path_factory.mktemp("words") / "index.html"
    path.write_text(render(**given | {"about": about}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("width", "size", "media"),
    [
        *((width, size, "screen") for width in (320, 768, WIDE) for size in ("100%", "200%")),
        (690, "100%", "print"),  # between the margins of a sheet
    ],
)
def test_words_without_end_are_broken(visit, wordy, width, size, media):
    page = visit(wordy, width).page
    page.emulate_media(media=media)
    page.evaluate(OPEN)
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_what_was_looked_at_has_room_for_its_name(each):
    each.page.evaluate(OPEN)
    widths = [cell.bounding_box()["width"] for cell in each.page.locator("#I2 tbody th").all()]
    each.page.evaluate(OPEN.replace("true", "false"))
    assert len(widths) == 2
    assert min(widths) > 190  # some thirty letters


def test_short_words_of_tables_are_whole_on_paper(visit, path):
    page = visit(path, 690).page
    page.emulate_media(media="print")
    lines = page.evaluate(
        """[...document.querySelectorAll('tbody td:is(:first-child, :nth-child(n+6))')].map(cell => {
          const text = document.createRange();
          text.selectNodeContents(cell);
          return text.getClientRects().length;
        })"""
    )
    page.close()
    assert set(lines) == {1}  # role, n and p


def test_the_keyboard_stops_at_pictures_only_where_they_are_wider_than_the_window(each):
    stops = each.page.locator("#figure-figure1 .paper").get_attribute("tabindex")
    assert stops == ("0" if each.page.viewport_size["width"] == NARROW else "-1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_serious_hinders_anybody(visit, path, scheme, width):
    opened = begun(visit(path, width, color_scheme=scheme))
    opened.page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    found = Axe().run(opened.page).response["violations"]
    opened.page.close()
    serious = [
        (each["id"], [node["target"] for node in each["nodes"]]) for each in found if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_dark_pages_are_dark_and_pictures_keep_their_white_card(dark, wide):
    ground = "getComputedStyle(document.body).backgroundColor"
    assert max(json.loads(dark.page.evaluate(ground).replace("rgb(", "[").replace(")", "]"))) < 60
    assert min(json.loads(wide.page.evaluate(ground).replace("rgb(", "[").replace(")", "]"))) > 230
    assert dark.page.evaluate("getComputedStyle(document.querySelector('.paper')).backgroundColor") == "rgb(255, 255, 255)"


def test_without_scripts_all_that_stands_still_is_there(visit, path):
    page = visit(path, WIDE, java_script_enabled=False).page
    text = page.inner_text("main")
    for claim in inputs()["claims"]["claim"]:
        assert f"Statement of {claim}." in text
    assert page.locator("figure img:visible").count() >= len(FIGURES) - 1  # one is folded away
    assert page.locator(".live:visible").count() == 0
    page.locator(".others summary").first.click()
    assert page.locator("figure img:visible").count() == len(FIGURES)
    page.close()


def test_printed_pages_have_everything_and_nothing_to_move(visit, path):
    page = visit(path, WIDE, color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.locator("nav:visible, .live:visible, input:visible, button:visible").count() == 0
    assert page.locator("figure img").count() == len(FIGURES)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    heights = page.evaluate(
        "[...document.querySelectorAll('details table, .others img')].map(each => each.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) > 10  # what is folded is printed too
    page.close()


def test_links_of_the_overview_lead_to_their_claims(wide):
    page = wide.page
    page.locator(".chip", has_text="S9").click()
    waited(page, lambda: 0 <= page.locator("#S9").bounding_box()["y"] < 400)
    waited(page, lambda: page.locator("nav a[aria-current]").all_text_contents() == ["Stochastic gradients"])


def test_all_controls_are_reached_by_the_keyboard_and_seen_to_be(wide):
    page = wide.page
    page.locator("#live-figure1 input").first.focus()
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('.live')?.id + ' ' + document.activeElement.tagName"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert reached[:2] == ["live-figure1 INPUT", "live-figure1 BUTTON"]
    for name in LIVE:
        for control in page.locator(f"#live-{name} :is(input, select, button)").all():
            control.focus()
            assert control.evaluate("each => each === document.activeElement")


@pytest.fixture(autouse=True)
def _as_printed(request):
    if "wide" in request.fixturenames:
        page = request.getfixturevalue("wide").page
        page.locator("#live-figure1 button").click()
        settled(page)


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
