"""Names in the registry lead to functions, tables and studies, and a figure of rates sees the rows of its own studies."""

import importlib
import inspect
import json

import pandas as pd
import pytest
from PIL import Image

from optprimer.figures.draw import draw
from optprimer.figures.registry import FIGURES, PAGES, STUDIES
from optprimer.rates.findings import Findings
from optprimer.rates.registry import STUDIES as ALL_STUDIES
from optprimer.rates.studies.sandwich import SoftLabel, _drawn
from optprimer.rates.tables import Curves
from optprimer.registry import TABLES
from optprimer.tables import read, write


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_takes_the_tables_that_it_is_registered_with(name):
    function = getattr(importlib.import_module(f"optprimer.figures.{name}"), name)
    assert set(FIGURES[name]) <= set(TABLES)
    assert {table.rpartition("/")[2] for table in FIGURES[name]} <= set(inspect.signature(function).parameters)


def test_studies_and_pages_belong_to_figures():
    own = {name for name, tables in FIGURES.items() if "rates/curves" in tables and name not in STUDIES}
    assert own | {study for studies in STUDIES.values() for study in studies} <= set(ALL_STUDIES)
    assert set(STUDIES) | set(PAGES) <= set(FIGURES)


def test_a_figure_is_drawn_from_the_rows_of_its_studies(tmp_path):
    findings = Findings("sandwich")
    _drawn(findings, SoftLabel())
    findings.write(tmp_path)
    table = read(Curves, tmp_path / "curves.csv")
    draw("figure2", [tmp_path / "curves.csv"], tmp_path / "alone" / "figure2", "run", 0, "abc")
    others = table.assign(study="oracle", data="digits-8")
    both = tmp_path / "both" / "curves.csv"
    write(pd.concat([table, others]), Curves, both)
    draw("figure2", [both], tmp_path / "both" / "figure2", "run", 0, "abc")
    drawn = [(tmp_path / folder / "figure2.png").read_bytes() for folder in ("alone", "both")]
    assert drawn[0] == drawn[1]
    with Image.open(tmp_path / "both" / "figure2.png") as image:
        assert json.loads(image.info["Description"])["data"] == "analytic"
