"""docs/claims.md is what registry and reference results say today, and has what a reader of such a report looks for."""

import pytest
from claims_parts import claim, entry, runs

from optprimer.claims import docs
from optprimer.claims.frames import claims_frame, evidence_frame
from optprimer.claims.judge import judge
from optprimer.claims.load import load
from optprimer.claims.rules import RULES
from optprimer.claims.tables import Claims, Evidence
from optprimer.config.schema import ROOT
from optprimer.tables import write

PAGE = ROOT / "docs" / "claims.md"


def test_the_committed_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == docs.page(), "run: optprimer claims docs --output docs/claims.md"


def test_it_has_the_headings_of_a_report_and_an_entry_per_claim():
    headings = [line for line in docs.page().splitlines() if line.startswith("#")]
    sections = [heading for heading in headings if heading.startswith("## ")]
    limits = ["## How often the rules err", "## What differs, and limits"]
    assert sections == ["## Scope", "## Method", "## Results", *limits, "## Claim by claim"]
    for each in load():
        assert f"### {each.id}" in headings


def test_every_rule_is_explained():
    text = docs.page()
    assert all(f"- `{name}`: {rule.means}." in text for name, rule in RULES.items())


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The page of one claim that two scales have judged, the larger one otherwise than the smaller."""
    claims = [claim([entry(name="a | b")], claim="S9", scales=("digits", "paper"), published="99 %", differs="Smaller.")]
    monkeypatch.setattr(docs, "load", lambda: claims)
    for scale, value in {"paper": 0.25, "digits": 0.75}.items():
        table = runs(gd=[value], poor=[0.1])
        rulings = judge(claims, lambda name, table=table: table, scale)
        write(claims_frame(rulings, scale), Claims, tmp_path / scale / "claims.csv")
        write(evidence_frame(rulings), Evidence, tmp_path / scale / "claims" / "evidence.csv")
    return docs.page(tmp_path)


def test_verdicts_stand_side_by_side_from_the_smallest_scale_to_the_largest(page):
    lines = page.splitlines()
    assert "| claim | statement | digits | paper | control |" in lines
    (row,) = [line for line in lines if line.startswith("| [S9](#s9) | ")]
    assert row.index("**supported**: 0.75, at_least threshold 0.5") < row.index("**refuted**: 0.25, at_least threshold 0.5")
    assert "- `digits`: 1 claim: 1 supported; of 0" in page


def test_an_entry_says_what_was_published_and_what_differs(page):
    assert "- Published: 99 %\n- Differs: Smaller.\n" in page


def test_every_row_of_a_table_has_as_many_cells_as_its_head(page):
    width = None
    for line in page.splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("|") else None
        assert None in (cells, width) or cells == width
        width = cells
    assert "a \\| b" in page


def test_other_seeds_are_told_where_a_verdict_is_not_supported(tmp_path, monkeypatch):
    claims = [claim([entry()], claim=name) for name in ("S8", "S9")]
    monkeypatch.setattr(docs, "load", lambda: claims)
    for seed, value in {1: 0.75, 2: 0.25}.items():
        tables = {"S8": runs(gd=[0.75], poor=[0.1]), "S9": runs(gd=[value], poor=[0.1])}
        rulings = [judge([each], lambda name, table=tables[each.id]: table, "digits")[0] for each in claims]
        write(claims_frame(rulings, "digits"), Claims, tmp_path / f"seed{seed}" / "claims.csv")
        write(evidence_frame(rulings), Evidence, tmp_path / f"seed{seed}" / "claims" / "evidence.csv")
    text = docs.page(tmp_path)
    seeds = text[text.index("### Under other seeds") : text.index("## How often")]
    assert "with 2 other global seeds (1, 2)" in seeds
    assert "- `seed1`: 2 claims: 2 supported.\n- `seed2`: 2 claims: 1 supported, 1 refuted.\n" in seeds
    (row,) = [line for line in seeds.splitlines() if line.startswith("| [S")]
    assert row.startswith("| [S9](#s9) | **supported**: 0.75")
    assert "**refuted**: 0.25" in row
