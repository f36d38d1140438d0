import json
import re
import warnings
from dataclasses import asdict

import batch_tables
import edge_tables
import pytest
import sharpness_tables
from memorization_tables import curves_table, runs_table, summary_table
from PIL import Image
from typer.testing import CliRunner

from optprimer import __version__
from optprimer.cli import app
from optprimer.errors import UserError
from optprimer.figures.draw import draw
from optprimer.figures.registry import FIGURES, PAGES
from optprimer.registry import TABLES
from optprimer.tables import write

NETWORKS = {name: tables for name, tables in FIGURES.items() if not any(table.startswith("rates/") for table in tables)}
WRITTEN = {"run": "a run", "seed": 3, "run_digest": "0123456789ab", "data": "digits", "version": __version__}


@pytest.fixture(scope="module")
def folder(tables, tmp_path_factory):
    """Every table on disk; the histories one a net, as training writes them."""
    folder = tmp_path_factory.mktemp("run with spaces")
    for name, frame in tables.items():
        if name == "history":
            for net, rows in frame.groupby("net"):
                write(rows, TABLES["train/history"], folder / "train" / str(net) / "history.csv")
        else:
            write(frame, TABLES[f"landscape/{name}"], folder / "landscape" / f"{name}.csv")
    for name, frame in {"curves": curves_table(), "runs": runs_table(), "summary": summary_table()}.items():
        write(frame.assign(data="digits"), TABLES[f"memorization/{name}"], folder / "memorization" / f"{name}.csv")
    for stage, module in {"batch": batch_tables, "edge": edge_tables, "sharpness": sharpness_tables}.items():
        for name, frame in module.TABLES.items():
            write(frame().assign(data="digits"), TABLES[f"{stage}/{name}"], folder / stage / f"{name}.csv")
    return folder


def paths(folder, name):
    return [path for table in FIGURES[name] for path in sorted(folder.glob(f"{table.replace('/', '/**/')}.csv"))]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_figure_is_drawn_without_warnings_the_same_twice_with_its_provenance(name, folder, tmp_path):
    for parent in ("first.run", "second"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message=".*float_precision")
            draw(name, paths(folder, name), tmp_path / parent / name, "a run", 3, "0123456789ab")
    first = {path.name: path.read_bytes() for path in (tmp_path / "first.run").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert set(first) == {f"{name}.{extension}" for extension in ("png", "pdf", "svg")} | (
        {f"{name}.html"} if name in PAGES else set()
    )
    assert first == second

    with Image.open(tmp_path / "second" / f"{name}.png") as image:
        assert json.loads(image.info["Description"]) == WRITTEN
        assert image.width == 1400  # the page's width at 200 dpi
    svg = first[f"{name}.svg"].decode()
    assert json.loads(re.search(r"<dc:description>(.*?)</dc:description>", svg)[1].replace("&quot;", '"')) == WRITTEN
    assert b"0123456789ab" in first[f"{name}.pdf"]
    assert b"CreationDate" not in first[f"{name}.pdf"]
    assert "<dc:date>" not in svg


def test_dots_in_a_stem_are_no_extension(folder, tmp_path):
    draw("training", paths(folder, "training"), tmp_path / "lr0.1", "run", 0, "abc")
    assert {path.name for path in tmp_path.iterdir()} == {"lr0.1.png", "lr0.1.pdf", "lr0.1.svg"}


def test_the_page_is_self_contained_and_carries_titles_and_provenance(folder, tmp_path):
    draw("figure1", paths(folder, "figure1"), tmp_path / "figure1", "<run>", 3, "abc")
    page = (tmp_path / "figure1.html").read_text(encoding="utf-8")
    assert "ResNet-56, no skip connections" in page
    assert "test error 3.2 %, training loss at the centre 0.07" in page
    assert "<run>" not in page
    assert "&lt;run&gt;" in page
    assert not re.search(r"<(script|link)[^>]+(src|href)=\"https?:", page)


def test_one_network_without_a_history_has_its_figure(tables, tmp_path):
    write(tables["surface"].query("net == 'resnet56'"), TABLES["landscape/surface"], tmp_path / "surface.csv")
    draw("figure1", [tmp_path / "surface.csv"], tmp_path / "out" / "figure1", "own", 0, "none")
    assert (tmp_path / "out" / "figure1.html").exists()


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("figure9", ["surface"], "figure9.*figure1"),
        ("lines", ["surface"], "surface.csv.*line.csv"),
        ("trajectory", ["surface"], "trajectory needs trajectory.csv"),
        ("contours", ["nothing"], "nothing.csv"),
    ],
)
def test_wrong_requests_are_refused_in_one_line(name, chosen, message, folder, tmp_path):
    with pytest.raises(UserError, match=message) as refused:
        draw(name, [folder / "landscape" / f"{table}.csv" for table in chosen], tmp_path / name, "run", 0, "abc")
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_table_of_another_kind_under_a_right_name_is_refused(folder, tmp_path):
    (tmp_path / "line.csv").write_bytes((folder / "landscape" / "curvature.csv").read_bytes())
    with pytest.raises(UserError, match="line"):
        draw("lines", [tmp_path / "line.csv"], tmp_path / "lines", "run", 0, "abc")


def test_the_command_draws(folder, tmp_path):
    arguments = ["figure", "training", *map(str, paths(folder, "training")), "--output", str(tmp_path / "training")]
    result = CliRunner().invoke(app, [*arguments, "--run", "digits", "--seed", "0", "--run-digest", "abc"])
    assert result.exit_code == 0, result.output
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".pdf", ".svg"}


def test_provenance_is_one_line_of_json(provenance):
    assert json.loads(provenance.text()) == asdict(provenance)
    assert "\n" not in provenance.text()
