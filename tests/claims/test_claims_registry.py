"""The registry itself: complete, each claim with a control, and judged by the rules of the committed verdicts."""

from pathlib import Path

import pytest

from optprimer.claims.checks import checked
from optprimer.claims.load import SECTIONS, load, scales
from optprimer.claims.results import judged
from optprimer.config.load import load as load_config
from optprimer.config.schema import ROOT, SCALES, read_schema

CLAIMS = load()
LETTERS = dict(zip(SECTIONS.values(), (("I", 9), ("G", 11), ("P", 5), ("S", 12)), strict=True))
REFERENCE = sorted((ROOT / "results/reference").glob("*/claims.csv"))


def test_every_claim_of_the_chapter_is_there_once_in_its_order():
    expected = [f"{letter}{number}" for letter, count in LETTERS.values() for number in range(1, count + 1)]
    assert [claim.id for claim in CLAIMS] == expected


def test_all_tables_columns_and_figures_exist():
    assert len(checked(CLAIMS)) == len(CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_stands_in_its_section_and_has_a_control_that_differs_in_selection(claim):
    assert claim.id[0] == LETTERS[claim.section][0]
    evidence = {part.name: part for part in claim.evidence}
    assert claim.controls
    for control in claim.controls:
        of = evidence[control.of]
        assert (control.rule, control.parameters, control.statistic) == (of.rule, of.parameters, of.statistic)
        assert (control.table, control.measure, control.selection) != (of.table, of.measure, of.selection)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_texts_end_as_sentences_and_fit_one_line(claim):
    assert claim.statement.endswith(".")
    assert not any("\n" in text for text in (claim.statement, claim.source, claim.published, claim.differs))


@pytest.mark.parametrize("path", [*SCALES.glob("*.yaml"), None], ids=lambda path: path.stem if path else "config.yaml")
def test_the_setting_scale_is_one_that_claims_know(path):
    assert load_config(*filter(None, [path]))["scale"] == (path.stem if path else "digits")
    assert read_schema()["properties"]["scale"]["enum"] == scales()


@pytest.mark.skipif(not REFERENCE, reason="no verdicts are committed yet")
@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.parent.name)
def test_the_committed_verdicts_were_reached_by_the_rules_of_the_registry(path: Path):
    """A rule that changes once its result is known needs new reference verdicts, and a commit that says why."""
    verdicts, _ = judged(path.parent)
    expected = {claim.id: claim.rule_sha256 for claim in CLAIMS}
    assert dict(zip(verdicts["claim"], verdicts["rule_sha256"], strict=True)) == expected
