"""The page in a real browser: wide and narrow, light and dark, printed, without scripts, by keyboard."""

import json
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_in_browser import LIVE, NARROW, WIDE, begun, waited
from page_inputs import FIGURES, inputs

from optprimer.figures.provenance import Provenance
from optprimer.page.render import page as render


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(each, path):
    assert [url for url in each.requests if not url.startswith("data:")] == [path.as_uri()]
    assert each.errors == []


def test_every_picture_is_loaded(each):
    widths = each.page.evaluate("Promise.all([...document.images].map(each => each.decode().then(() => each.naturalWidth)))")
    assert widths == [70] * len(FIGURES)


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
