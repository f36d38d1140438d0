"""The gallery shows every figure with its caption, is what its command writes, and says what it lacks."""

import re
import shlex
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from optprimer.errors import UserError
from optprimer.figures import captions as module
from optprimer.figures.captions import SECTIONS, captions
from optprimer.figures.gallery import BEGIN, CHOICE, END, write_gallery
from optprimer.figures.registry import FIGURES

ROOT = Path(__file__).parents[2]
PICTURE = re.compile(r'<a href="([^"]+)"><img src="([^"]+)" width="100%" alt="([^"]+)"></a>')


@pytest.fixture
def checkout(tmp_path):
    """A repository in which the first run lacks a figure of the second."""
    for run, names in (("small", set(FIGURES) - {"cost"}), ("large", {"cost", "figure1"})):
        (tmp_path / "figures" / run).mkdir(parents=True)
        for name in names:
            (tmp_path / "figures" / run / f"{name}.png").touch()
    (tmp_path / "README.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return tmp_path


def write(folder, *runs):
    page, readme = folder / "docs/gallery.md", folder / "README.md"
    write_gallery(runs, folder / "figures", page, readme)
    return page.read_text(encoding="utf-8"), readme.read_text(encoding="utf-8")


def test_the_committed_gallery_is_that_of_the_captions_and_pictures(tmp_path):
    page = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    runs = re.search(r"`optprimer gallery ([^`]+)`", page).group(1).split()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    (tmp_path / "figures").symlink_to(ROOT / "figures")
    write_gallery(runs, tmp_path / "figures/reference", tmp_path / "docs/gallery.md", tmp_path / "README.md")
    command = f"out of date: optprimer gallery {' '.join(runs)}"
    assert (tmp_path / "docs/gallery.md").read_text(encoding="utf-8") == page, command
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == readme, command


def test_every_figure_is_shown_once_in_the_order_of_the_chapter(checkout):
    page, _ = write(checkout, "small", "large")
    found = PICTURE.findall(page)
    assert [Path(source).stem for _, source, _ in found] == list(captions())
    assert re.findall(r"^## (.+)$", page, re.M) == list(SECTIONS)
    for link, source, alternative in found:
        assert link == source
        assert (checkout / "docs" / source).exists()
        assert unescape(alternative) == captions()[Path(source).stem].alt
    text = unescape(page)
    assert all(told.caption in text and told.title in text for told in captions().values())


def test_a_figure_is_of_the_first_run_that_has_it_and_others_are_linked(checkout):
    page, _ = write(checkout, "small", "large")
    assert 'src="../figures/large/cost.png"' in page
    assert 'src="../figures/small/figure1.png"' in page
    assert 'small · <a href="../figures/large/figure1.png">large</a>' in page


def test_commands_are_targets_of_the_workflow(checkout):
    page, _ = write(checkout, "small", "large")
    commands = re.findall(r"<code>snakemake --cores 4 (\w+)</code>", page)
    assert {"figure1", "figure_contours"} <= set(commands)
    assert len(set(commands)) == len(FIGURES)


def test_the_readme_gets_the_choice_and_keeps_the_rest(checkout):
    _, readme = write(checkout, "small", "large")
    assert readme.startswith("before\n")
    assert readme.endswith("\nafter\n")
    assert "old" not in readme
    assert [Path(source).stem for _, source, _ in PICTURE.findall(readme)] == [name for row in CHOICE for name in row]
    assert 'src="figures/small/pl.png"' in readme
    assert "(docs/gallery.md)" in readme
    assert write(checkout, "small", "large")[1] == readme


def test_folders_of_any_name_are_linked(checkout):
    odd = 'a "small" #1 & <b> run'
    (checkout / "figures/small").rename(checkout / "figures" / odd)
    page, readme = write(checkout, odd, "large")
    for text, folder in ((page, checkout / "docs"), (readme, checkout)):
        found = re.findall(r'(?:href|src)="([^"]+)"', text)
        assert any(quote(odd) in link for link in found)
        for link in found:
            assert (folder / unquote(unescape(link))).resolve().exists()
    assert "· a &quot;small&quot; #1 &amp; &lt;b&gt; run" in page
    assert f"`optprimer gallery {shlex.join([odd, 'large'])}`" in page


def test_a_figure_without_a_picture_is_named(checkout):
    with pytest.raises(UserError, match=r"cost\.png is in none of small"):
        write(checkout, "small")


@pytest.mark.parametrize("name", ["sinks", CHOICE[0][0]])
def test_a_figure_without_a_caption_is_named_and_nothing_is_written(checkout, monkeypatch, name):
    monkeypatch.setitem(FIGURES, name, ("batch/summary",))
    monkeypatch.setattr(module, "captions", lambda: {other: told for other, told in captions().items() if other != name})
    with pytest.raises(UserError, match=rf"^optprimer/figures/registry\.py: figure '{name}' has no caption in "):
        write(checkout, "small", "large")
    assert not (checkout / "docs").exists()


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_readme_without_marks_is_refused_and_untouched(checkout, text):
    (checkout / "README.md").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="between a line"):
        write(checkout, "small", "large")
    assert (checkout / "README.md").read_text(encoding="utf-8") == text
