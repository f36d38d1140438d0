import hashlib

import pytest
from made_tables import made, write_results

from optprimer.errors import UserError
from optprimer.manifest.outputs import figures, tables
from optprimer.registry import TABLES


def test_every_table_of_a_run_is_found_with_its_checksum_and_rows(tmp_path):
    found = tables(write_results(tmp_path))
    expected = set(TABLES) - {"train/history"} | {"train/resnet56/history", "train/resnet56_noskip/history"}
    assert set(found) == expected
    surface = found["landscape/surface"]
    assert surface.sha256 == hashlib.sha256((tmp_path / "landscape/surface.csv").read_bytes()).hexdigest()
    assert surface.rows == len(made(TABLES["landscape/surface"]))
    assert surface.precision == ("precision0", "precision1")


def test_parts_of_tables_and_files_of_others_are_not_found(tmp_path):
    write_results(tmp_path)
    before = set(tables(tmp_path))
    (tmp_path / "rates/descent").mkdir()
    (tmp_path / "rates/descent/curves.csv").write_bytes((tmp_path / "rates/curves.csv").read_bytes())
    (tmp_path / "notes.csv").write_text("mine\n")
    assert set(tables(tmp_path)) == before


def test_a_damaged_table_is_refused_by_name(tmp_path):
    (tmp_path / "rates").mkdir()
    (tmp_path / "rates/pl.csv").write_text("problem\n1\n")
    with pytest.raises(UserError, match=r"rates.pl\.csv"):
        tables(tmp_path)


def test_figures_are_those_of_the_registry_and_the_page(tmp_path):
    for name in ("figure1.png", "figure1.html", "lines.svg", "index.html", "holiday.png", "lines.html"):
        (tmp_path / name).write_text(name)
    found = figures(tmp_path)
    assert set(found) == {"figure1.png", "figure1.html", "lines.svg", "index.html"}
    assert found["lines.svg"].sha256 == hashlib.sha256(b"lines.svg").hexdigest()
