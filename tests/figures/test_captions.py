"""Every figure has a title, a caption and a text alternative, in plain text and in the order of the chapter."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from optprimer.errors import UserError
from optprimer.figures import captions as module
from optprimer.figures.captions import FILE, SECTIONS, Caption, captions, check_captions
from optprimer.figures.registry import FIGURES

ROOT = Path(__file__).parents[2]
CAPTION = {"title": "A title", "section": SECTIONS[0], "caption": "What is drawn.", "alt": "What is seen."}


def test_each_figure_has_one_and_nothing_else_has():
    assert set(captions()) == set(FIGURES)
    written = [line for line in Path(module.__file__).with_name("captions.yaml").read_text().splitlines() if line[:1].isalpha()]
    assert len(written) == len(FIGURES), "YAML keeps the last of two entries of one name"


def test_they_come_in_the_order_of_the_chapter():
    places = [SECTIONS.index(caption.section) for caption in captions().values()]
    assert places == sorted(places)
    assert set(places) == set(range(len(SECTIONS)))


@pytest.mark.parametrize("name", FIGURES)
def test_lengths_are_sane_and_sentences_end(name):
    told = captions()[name]
    assert 10 <= len(told.title) <= 60
    assert not told.title.endswith(".")
    assert 250 <= len(told.caption) <= 700
    assert 100 <= len(told.alt) <= 280
    assert told.caption.endswith(".")
    assert told.alt.endswith(".")
    for text in (told.title, told.caption, told.alt):
        assert text == " ".join(text.split()), "one paragraph of plain text"
        assert not set(text) & set("<>`\\"), "markup of one of the formats that it is put into"


@pytest.mark.parametrize("name", FIGURES)
def test_the_alternative_says_something_of_its_own(name):
    told = captions()[name]
    assert told.alt not in told.caption
    assert told.title not in told.alt
    shared = {sentence.strip() for sentence in told.caption.split(". ")} & {part.strip() for part in told.alt.split("; ")}
    assert not shared


def test_titles_differ():
    assert len({told.title for told in captions().values()}) == len(FIGURES)


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (CAPTION | {"section": "Appendix"}, "Appendix"),
        (CAPTION | {"note": "x"}, "note"),
        ({"title": "A title"}, "section"),
        (CAPTION | {"alt": " "}, "alt"),
        (CAPTION | {"caption": None}, "caption"),
        (CAPTION | {"title": 3}, "title"),
        ("A title", "mapping"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name(entry, named):
    with pytest.raises(ValueError, match=f"sinks: .*{named}"):
        module._caption("sinks", entry)


def test_a_figure_without_one_is_named_with_both_files():
    with pytest.raises(UserError) as error:
        check_captions(["figure1", "sinks"], "claims.csv")
    assert str(error.value) == "claims.csv: figure 'sinks' has no caption in optprimer/figures/captions.yaml"
    assert (ROOT / "src" / FILE).exists()


def test_a_caption_cannot_be_changed():
    with pytest.raises(AttributeError):
        Caption(**CAPTION).title = "Another"


def test_nothing_heavy_is_imported():
    program = (
        "import sys; from optprimer.figures.captions import captions; captions();"
        "print({'torch', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_they_are_part_of_the_installed_package(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for path in ("__init__.py", "figures/__init__.py", "figures/captions.yaml"):
        target = copy / "src/optprimer" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / "src/optprimer" / path).read_bytes())
    subprocess.run([*command, str(copy)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert "optprimer/figures/captions.yaml" in zipfile.ZipFile(wheel).namelist()
