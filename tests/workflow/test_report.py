"""Snakemake's own report of the finished smoke run: complete, captioned, of sane size, and made and read without a network."""

import json
import re
import shutil
import zipfile
from html import unescape

import pytest
from running import ROOT, run_snakemake

from optprimer.figures.captions import SECTIONS, captions
from optprimer.figures.registry import FIGURES, PAGES

WIDE = 1400
SIZE = 40e6  # bytes
TABLES = {
    "0. Verdicts": ["claims.csv", "claims/evidence.csv"],
    "5. Tables": [
        "landscape/geometry.csv", "memorization/summary.csv", "batch/summary.csv", "edge/summary.csv", "sharpness/summary.csv",
        "sharpness/slopes.csv", *(f"rates/{table}.csv" for table in ("exponents", "checks", "worst_case", "pl", "errata")),
    ],
}  # fmt: skip


def make(smoke, path, *targets):
    """Let Snakemake write a report, with a proxy that is not there between it and the network; return what it says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
        done = run_snakemake(smoke, "--report", str(path), *targets)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def packed(smoke, tmp_path_factory):
    """The report as a zip, which is the form for results as large as pages are, and what was said."""
    path = tmp_path_factory.mktemp("a report") / "report.zip"
    return path, make(smoke, path)


@pytest.fixture(scope="module")
def unpacked(packed):
    path, _ = packed
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.parent)
    return path.parent / "report/report.html"


@pytest.fixture(scope="module")
def page(unpacked):
    return unpacked.read_text(encoding="utf-8")


def embedded(page, name):
    (found,) = re.findall(rf'<script id="{name}">\s*var {name.replace("-", "_")} = (.*?);\s*</script>', page, re.S)
    return json.loads(found)


@pytest.fixture(scope="module")
def results(page):
    return embedded(page, "results")


@pytest.fixture(scope="module")
def category(page):
    """The category of each file."""
    return {
        path: name
        for name, subcategories in embedded(page, "categories").items()
        for paths in subcategories.values()
        for path in paths
    }


def plain(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def of(section):
    return f"{1 + SECTIONS.index(section)}. {section}"


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_in_it_with_its_caption_in_the_section_of_the_chapter(results, category, figure):
    told = captions()[figure]
    for kind, extension in (("picture", "png"), ("interactive page", "html"))[: 1 + (figure in PAGES)]:
        path = f"figures/smoke/{figure}.{extension}"
        assert results[path]["labels"] == {"figure": told.title, "kind": kind}
        assert plain(results[path]["caption"]).startswith(told.caption)
        assert category[path] == of(told.section)


@pytest.mark.parametrize(("name", "table"), [(name, table) for name, tables in TABLES.items() for table in tables])
def test_the_short_tables_are_in_it_with_a_caption(results, category, name, table):
    path = f"results/smoke/{table}"
    assert category[path] == name
    assert len(plain(results[path]["caption"])) > 80


def test_nothing_else_is_in_it(results):
    pages = {"figures/smoke/index.html", *(f"figures/smoke/{name}.html" for name in PAGES)}
    tables = {f"results/smoke/{table}" for tables in TABLES.values() for table in tables}
    assert set(results) == {f"figures/smoke/{name}.png" for name in FIGURES} | pages | tables


def test_labels_tell_the_results_of_a_category_apart(results, category):
    told = [(category[path], *result["labels"].values()) for path, result in results.items()]
    assert len(set(told)) == len(told)


def test_captions_are_without_mistakes_of_markup(packed, page):
    _, said = packed
    assert not re.findall(r".*\((?:WARNING|ERROR|SEVERE)/\d\).*", said)
    assert "system-message" not in embedded(page, "workflow-desc")


def test_the_overview_names_the_run_and_links_every_category(page, category):
    overview = embedded(page, "workflow-desc")
    assert "of the scale" in overview
    for name in set(category.values()):
        assert re.search(rf"<a [^>]*showCategory[^>]*>{re.escape(name)}</a>", overview)


def test_it_is_of_a_size_that_one_sends(packed):
    assert packed[0].stat().st_size < SIZE


def test_a_part_of_the_workflow_has_a_report_without_links_to_the_rest(smoke, tmp_path):
    path = tmp_path / "report.html"
    make(smoke, path, "figure_acceleration")
    page = path.read_text(encoding="utf-8")
    assert set(embedded(page, "categories")) == {"2. Gradient descent", "5. Tables"}
    assert "system-message" not in embedded(page, "workflow-desc")


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the workflow and its package, whose captions can be edited."""
    copy = tmp_path / "copy"
    for part in ("src", "workflow", "profiles"):
        shutil.copytree(ROOT / part, copy / part)
    for part in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / part, copy / part)
    monkeypatch.setenv("PYTHONPATH", str(copy / "src"))
    return copy


def test_an_edited_caption_redraws_nothing(smoke, copied):
    path = copied / "src/optprimer/figures/captions.yaml"
    title = captions()["acceleration"].title
    path.write_text(path.read_text(encoding="utf-8").replace(title, "Another title"), encoding="utf-8")
    done = run_snakemake(smoke, "--dry-run", "figure_acceleration", root=copied)
    assert done.returncode == 0
    assert "acceleration.png" not in done.stdout + done.stderr


def test_a_figure_without_a_caption_is_refused_in_one_line_before_anything_starts(tmp_path, copied):
    path = copied / "src/optprimer/figures/captions.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("\nacceleration:", "\ndeceleration:"), encoding="utf-8")
    done = run_snakemake(tmp_path, "--dry-run", "figure1", root=copied)
    assert done.returncode == 1
    line = "optprimer/figures/registry.py: figure 'acceleration' has no caption in optprimer/figures/captions.yaml"
    assert [said for said in done.stderr.splitlines() if "caption" in said] == [line]
    assert "Traceback" not in done.stderr


def choose(page, title, kind):
    """Go to a figure on rates of gradient descent; return the buttons that show it and its caption."""
    page.get_by_role("link", name="2. Gradient descent").first.click()
    page.get_by_text("Convergence rates").click()
    row = page.locator("tr", has_text=title).filter(has_text=kind)
    return row.locator("a").nth(0), row.locator("a").nth(1)


def nothing_was_wrong(visit):
    return not visit.errors and all(url.startswith(("file:", "data:", "blob:")) for url in visit.requests)


@pytest.mark.parametrize("form", ["unpacked", "one file"])
def test_a_reader_finds_a_picture_and_its_caption_without_a_network(visit, unpacked, smoke, tmp_path, form):
    path = unpacked
    if form == "one file":
        path = tmp_path / "report.html"
        make(smoke, path)
    opened = visit(path, WIDE)
    told = captions()["acceleration"]
    show, inform = choose(opened.page, told.title, "picture")
    show.click()
    picture = opened.page.locator("img[src*='acceleration.png']")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 1000
    inform.click()
    assert opened.page.get_by_text(told.caption[:60]).first.is_visible()
    assert nothing_was_wrong(opened)


def test_a_page_works_within_the_report(visit, unpacked):
    opened = visit(unpacked, WIDE)
    show, _ = choose(opened.page, captions()["figure2"].title, "interactive page")
    show.click()
    opened.page.frame_locator("iframe").locator("svg").first.wait_for()
    assert nothing_was_wrong(opened)
