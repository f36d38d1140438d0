"""From verdicts of parts to that of a claim: combinations, conditions, controls, and the words with them."""

import numpy as np
import pandas as pd
import pytest
from claims_parts import MEAN, claim, entry, nan, runs

from optprimer.claims.frames import claims_frame, evidence_frame
from optprimer.claims.judge import combined, judge
from optprimer.claims.parts import Verdict, read_part
from optprimer.claims.tables import Claims, Evidence
from optprimer.tables import read, write

S, R, I, N = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_RUN  # noqa: E741
TABLE = runs(gd=[0.9, 0.8], good=[0.7, 0.9], poor=[0.1, 0.2], bad=[0.3, 0.4], gaps=nan(0.9))


def ruling(claim, table=TABLE, scale="digits"):
    (found,) = judge([claim], lambda name: table if name == "batch/runs" else None, scale)
    return found


def recipe(name):
    return entry(name=name, where={"recipe": name})


def absent(name="absent"):
    return entry(name=name, where={"recipe": "absent"})


@pytest.mark.parametrize(
    ("combine", "verdicts", "expected"),
    [
        ("all", [S, S], S),
        ("all", [S, R], R),
        ("all", [S, I], I),
        ("all", [R, I], R),
        ("all", [S, N], N),
        ("all", [R, N], N),
        ("agree", [S, S], S),
        ("agree", [R, R], R),
        ("agree", [S, R], I),
        ("agree", [I, R], I),
        ("agree", [R, N], N),
        (2, [S, S, R], S),
        (2, [S, R, R], R),
        (2, [S, I, R], I),
        (2, [S, S, N], S),
        (2, [S, N, R], I),
        (2, [N, N, N], N),
    ],
)
def test_parts_are_combined(combine, verdicts, expected):
    assert combined(combine, verdicts) == expected


@pytest.mark.parametrize(
    ("evidence", "combine", "verdict", "reason"),
    [
        ([recipe("gd")], "all", S, ""),
        ([recipe("gd"), recipe("bad")], "all", R, "bad: 2 of 2 values: less than the threshold"),
        ([recipe("gd"), recipe("gaps")], "all", I, "gaps: 1 of 2 values are missing"),
        ([recipe("gd"), recipe("bad")], "agree", I, "bad: 2 of 2 values: less than the threshold; gd: supported, 0.8"),
        ([recipe("gd"), recipe("good"), recipe("bad")], 2, S, "2 of 3; not: bad (refuted)"),
        ([recipe("gd"), absent()], "all", N, "no rows of batch/runs are selected"),
        ([entry(name="elsewhere", table="batch/curves")], "all", N, "there is no table batch/curves"),
    ],
)
def test_a_claim_has_a_verdict_and_a_reason(evidence, combine, verdict, reason):
    control = [{"of": evidence[0]["name"], "name": "control", "table": "batch/runs", "where": {"recipe": "poor"}}]
    found = ruling(claim(evidence, control, combine=combine))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_the_part_that_decides_is_shown():
    found = ruling(claim([recipe("gd"), recipe("bad")]))
    assert (found.deciding.part.name, found.deciding.estimate) == ("bad", 0.3)


def test_what_a_missing_value_means_is_said_and_is_no_part_of_the_rule():
    told = claim([recipe("gaps") | {"missing": "a run diverged"}])
    assert ruling(told).reason == "gaps: 1 of 2 values are missing: a run diverged"
    assert told.rule_sha256 == claim([recipe("gaps")]).rule_sha256


@pytest.mark.parametrize("evidence", ["gd", "bad"])
def test_a_control_that_passes_leaves_the_claim_untested(evidence):
    found = ruling(claim([recipe(evidence)], [{"of": evidence, "name": "chance", "where": {"recipe": "good"}}]))
    assert (found.verdict, found.reason) == (I, "untested: the control passes the same rule (chance)")
    assert (found.control.part.name, found.control.verdict) == ("chance", S)


def test_one_of_several_controls_is_enough_to_fail_the_claim():
    controls = [{"of": "gd", "name": name, "where": {"recipe": name}} for name in ("poor", "good")]
    assert ruling(claim([recipe("gd")], controls)).verdict == I


@pytest.mark.parametrize(("passing", "verdict"), [(1, S), (2, I)])
def test_where_two_parts_suffice_a_control_must_not_pass_two(passing, verdict):
    evidence = [recipe(name) for name in ("gd", "good", "bad")]
    elsewhere = ["good"] * passing + ["poor"] * (3 - passing)
    controls = [
        {"of": part["name"], "name": f"control of {part['name']}", "where": {"recipe": name}}
        for part, name in zip(evidence, elsewhere, strict=True)
    ]
    found = ruling(claim(evidence, controls, combine=2))
    assert found.verdict == verdict
    assert (found.control.verdict == S) == (verdict == I)


def test_a_control_that_is_refuted_or_that_the_rule_leaves_open_is_as_it_should_be():
    assert ruling(claim([recipe("gd")], [{"of": "gd", "name": "chance", "where": {"recipe": "poor"}}])).verdict == S
    part = entry(rule="ci_above", threshold=0.5, **MEAN)
    open_ = {"of": "part", "name": "chance", "where": {"recipe": "open"}}
    assert ruling(claim([part], [open_]), runs(gd=[0.9, 0.8, 0.85], open=[0.4, 0.6, 0.5])).verdict == S


def test_a_control_of_which_something_is_missing_has_not_failed():
    # Its one value would pass; that another is missing is no failure.
    found = ruling(claim([recipe("gd")], [{"of": "gd", "name": "chance", "where": {"recipe": "gaps"}}]))
    assert (found.verdict, found.reason) == (I, "untested: the control cannot be judged (chance: 1 of 2 values are missing)")
    part = entry(rule="ci_above", threshold=0.5, **MEAN)
    alone = {"of": "part", "name": "chance", "where": {"recipe": "alone"}}
    found = ruling(claim([part], [alone]), runs(gd=[0.9, 0.8, 0.85], alone=[0.9]))
    assert found.reason == "untested: the control cannot be judged (chance: one value has no interval)"


def test_a_control_that_was_not_run_leaves_the_claim_untested():
    found = ruling(claim([recipe("gd")], [{"of": "gd", "name": "chance", "where": {"recipe": "absent"}}]))
    assert found.verdict == I
    assert found.reason == "untested: the control was not run (chance: no rows of batch/runs are selected)"


@pytest.mark.parametrize(
    ("condition", "verdict", "reason"),
    [
        ("good", S, ""),
        ("bad", I, "not judged: condition (2 of 2 values: less than the threshold)"),
        ("absent", I, "not judged: condition (no rows of batch/runs are selected)"),
    ],
)
def test_a_condition_decides_whether_the_claim_is_judged(condition, verdict, reason):
    found = ruling(claim([recipe("gd")], requires=[entry(name="condition", where={"recipe": condition})]))
    assert (found.verdict, found.reason) == (verdict, reason)


NETWORKS = pd.concat([TABLE, runs(gd=[0.6, 0.7], good=[0.2, 0.1], bad=[0.3, 0.4]).assign(network="conv")])


def test_a_rule_is_asked_of_each_group_and_has_to_hold_in_all():
    part = entry(where={"recipe": "good"}, per=["network"])
    found = ruling(claim([part]), NETWORKS)
    assert [(judged.part.name, judged.verdict) for role, judged in found.parts if role == "evidence"] == [
        ("part (conv)", R),
        ("part (mlp)", S),
    ]
    assert (found.verdict, found.deciding.estimate) == (R, 0.1)
    assert ruling(claim([{**part, "where": {"recipe": "gd"}}]), NETWORKS).verdict == S


def test_a_control_passes_only_in_all_groups():
    part = entry(name="gd", where={"recipe": "gd"}, per=["network"])
    assert ruling(claim([part], [{"of": "gd", "name": "chance", "where": {"recipe": "good"}}]), NETWORKS).verdict == S
    passing = ruling(claim([part], [{"of": "gd", "name": "chance", "where": {"seed": 1}}]), NETWORKS)
    assert (passing.verdict, passing.reason) == (I, "untested: the control passes the same rule (chance)")


def test_what_stands_beside_the_evidence_is_told_and_decides_nothing():
    beside = (read_part(entry(name="bad ones", where={"recipe": "bad"}, per=["network"])), read_part(absent()))
    found = ruling(claim(beside=beside), NETWORKS)
    assert found.verdict == S
    assert found.reason == "beside it: bad ones (conv): refuted, 0.3; bad ones (mlp): refuted, 0.3"
    assert [role for role, _ in found.parts] == ["evidence", "beside", "beside", "beside", "control"]


def test_parts_count_at_their_scales_alone():
    evidence = [recipe("gd"), {**recipe("bad"), "scales": ["paper"]}]
    both = claim(evidence, scales=("digits", "paper"))
    assert (ruling(both).verdict, len(ruling(both).parts)) == (S, 2)
    assert ruling(both, scale="paper").verdict == R


def test_at_another_scale_nothing_is_judged():
    found = ruling(claim(scales=("cifar10", "paper")), scale="digits")
    assert (found.verdict, found.reason) == (N, "not judged at scale digits, only at cifar10, paper")


def test_a_control_keeps_the_rule_and_changes_the_selection_alone():
    evidence = entry(where={"recipe": "gd", "network": "mlp"}, over="train_accuracy")
    control = {"of": "part", "name": "control", "where": {"recipe": "poor", "network": None, "seed": 1}, "over": None}
    (found,) = claim([evidence], [control]).controls
    assert dict(found.where) == {"recipe": ("poor",), "seed": (1,)}
    assert (found.over, found.rule, found.parameters) == (None, "at_least", {"threshold": 0.5})


def test_the_fingerprint_of_the_rules_covers_them_and_not_the_words():
    before = claim()
    assert before.rule_sha256 == claim(statement="GD is good.", scales=("paper",), published="99 %").rule_sha256
    renamed = claim([entry(name="other")])
    assert before.rule_sha256 == renamed.rule_sha256
    changes = [{"threshold": 0.6}, {"where": {"recipe": "adam"}}, {"value": "train_accuracy"}, {"per": ["network"]}]
    control = claim(control=[{"of": "part", "name": "control", "where": {"recipe": "sgd"}}])
    assert len({before.rule_sha256, control.rule_sha256, *(claim([entry(**each)]).rule_sha256 for each in changes)}) == 6
    assert claim(combine="agree").rule_sha256 != before.rule_sha256


def test_rulings_are_written_as_tables_in_the_order_of_the_chapter(tmp_path):
    claims = [claim(claim="S10", order=2), claim(claim="S9", order=1), claim(claim="G1", order=3, scales=("paper",))]
    rulings = judge(claims, lambda name: TABLE, "digits")
    write(claims_frame(rulings, "digits"), Claims, tmp_path / "claims.csv")
    write(evidence_frame(rulings), Evidence, tmp_path / "evidence.csv")
    verdicts, evidence = read(Claims, tmp_path / "claims.csv"), read(Evidence, tmp_path / "evidence.csv")
    assert list(verdicts["claim"]) == ["S9", "S10", "G1"]
    assert list(verdicts["verdict"]) == [S, S, N]
    first = verdicts.iloc[0]
    assert (first["estimate"], first["n"], first["threshold"], first["data"]) == (0.8, 2, "threshold 0.5", "made")
    assert (first["control_verdict"], first["control_estimate"]) == (R, 0.1)
    assert np.isnan(verdicts.iloc[2]["estimate"])
    assert list(evidence["rows"]) == [0, 0, 2, 2, 2, 2]
