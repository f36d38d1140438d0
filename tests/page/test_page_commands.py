"""The command: from the folders of a run to a page whose links lead to their files."""

import re
import shlex
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from page_inputs import claims, curves, errata, evidence, history, memorization_curves, memorization_summary, surface
from PIL import Image

from optprimer.claims.tables import Claims, Evidence
from optprimer.errors import UserError
from optprimer.page.assets import PACKAGE, assets_sha256
from optprimer.page.commands import page
from optprimer.registry import TABLES
from optprimer.tables import write

FIGURES = ("figure1", "figure2", "descent", "memorization", "batch")


@pytest.fixture
def run(tmp_path):
    """A judged run."""
    results = tmp_path / "results" / "digits"
    write(claims(), Claims, results / "claims.csv")
    write(evidence(), Evidence, results / "claims" / "evidence.csv")
    tables = {
        "rates/errata": errata(),
        "rates/curves": curves(),
        "landscape/surface": surface(),
        "memorization/curves": memorization_curves(),
        "memorization/summary": memorization_summary(),
    }
    for name, table in tables.items():
        write(table, TABLES[name], results / f"{name}.csv")
    for net, rows in history().groupby("net"):
        write(rows, TABLES["train/history"], results / "train" / net / "history.csv")
    figures = tmp_path / "figures" / "digits"
    figures.mkdir(parents=True)
    for name in FIGURES:
        Image.new("RGB", (70, 40), "navy").save(figures / f"{name}.png")
    return results, figures


def made(folders, name="index.html", **options):
    results, figures = folders
    page(results, figures, figures / name, **options)
    return (figures / name).read_text(encoding="utf-8")


def test_a_claim_whose_figure_has_no_caption_is_refused_by_file_and_figure(run):
    write(claims().replace({"figure": {"descent": "sinks"}}), Claims, run[0] / "claims.csv")
    with pytest.raises(UserError, match=r"^\S+/results/digits/claims\.csv: figure 'sinks' has no caption in "):
        made(run)
    assert not (run[1] / "index.html").exists()


def test_a_run_becomes_a_page_with_all_that_can_be_moved(run):
    html = made(run, run="digits", seed=3, run_digest="fedcba987654")
    assert re.findall(r'<article class="claim" id="(\w+)"', html) == claims()["claim"].tolist()
    assert html.count("<img") == len(FIGURES)
    assert re.findall(r'id="live-(\w+)"', html) == ["figure1", "memorization", "figure2", "descent"]
    assert "digits, seed 3" in html
    assert "snakemake --cores all --config seed=3" in html
    assert "fedcba987654" in html


def test_links_lead_to_files_of_the_run(run):
    html = made(run)
    links = [link for link in re.findall(r'href="([^"#]+)"', html) if ":" not in link]
    assert len(links) > 10
    for link in links:
        assert (run[1] / link).resolve().exists(), link
        assert not Path(link).is_absolute()


def test_links_and_commands_hold_for_a_run_of_an_odd_name(run):
    name = 'a #1 & "50%" run'
    results, figures = (folder.rename(folder.with_name(name)) for folder in run)
    html = made((results, figures), run=name)
    links = [unquote(unescape(link)) for link in re.findall(r'href="([^"#]+)"', html) if ":" not in link]
    assert sum(f"/{name}/" in link for link in links) > 5
    for link in links:
        assert (figures / link).resolve().exists(), link
    commands = [shlex.split(unescape(command)) for command in re.findall(r"<code>((?:snakemake|optprimer) [^<]+)</code>", html)]
    assert ["optprimer", "claims", "--run", name] in commands
    assert ["optprimer", "claims", "explain", "I2", "--run", name] in commands
    assert commands.count(["snakemake", "--cores", "all", "--config", f"run={name}"]) == 2


def test_the_same_run_gives_the_same_bytes(run):
    assert made(run, "one.html") == made(run, "two.html")


def test_what_was_not_made_is_left_out(run):
    results, figures = run
    shutil.rmtree(results / "rates")
    shutil.rmtree(results / "memorization")
    (figures / "figure1.png").unlink()
    html = made(run)
    assert "errata were not computed" in html
    assert re.findall(r'id="live-(\w+)"', html) == ["figure1"]  # its tables are there, its picture is not
    assert html.count("<img") == len(FIGURES) - 1


def test_a_run_that_was_not_judged_is_refused(run):
    results, figures = run
    (results / "claims.csv").unlink()
    with pytest.raises(UserError, match=r"no claims\.csv there"):
        page(results, figures, figures / "index.html")
    assert not (figures / "index.html").exists()


def test_a_damaged_picture_leaves_the_page_that_was(run):
    results, figures = run
    before = made(run)
    (figures / "batch.png").write_bytes(b"<html>404</html>")
    with pytest.raises(UserError, match=r"batch\.png"):
        page(results, figures, figures / "index.html")
    assert (figures / "index.html").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("changed", ["page/static/page.css", "page/templates/live/descent.html.j2", "figures/captions.yaml"])
def test_the_fingerprint_of_assets_sees_every_one_of_them(tmp_path, changed):
    for folder in ("page", "figures"):
        shutil.copytree(PACKAGE / folder, tmp_path / folder)
    assert assets_sha256(tmp_path) == assets_sha256()
    (tmp_path / "page" / "render.py").write_text("# code has a digest of its own")
    assert assets_sha256(tmp_path) == assets_sha256()
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write(" ")
    assert assets_sha256(tmp_path) != assets_sha256()
