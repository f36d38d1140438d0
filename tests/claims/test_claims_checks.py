"""A registry whose rules, tables, columns or figures do not fit is refused in one line."""

import pytest
from claims_parts import CONTRAST, MEAN, claim, entry

from optprimer.claims import checks
from optprimer.claims.checks import checked
from optprimer.errors import UserError

CONTROL = [{"of": "part", "name": "control", "where": {"recipe": "poor"}}]


def refused(message, evidence, **changes):
    with pytest.raises(UserError, match=f"^S9: {message}"):
        checked([claim([evidence], CONTROL, **changes)])


@pytest.mark.parametrize(
    "evidence",
    [
        entry(),
        entry(where={}, rule="ci_above", threshold=0.0, **{key: value for key, value in CONTRAST.items() if key != "where"}),
        entry(rule="bound_holds", below="train_accuracy", tolerance=0.1),
        entry(rule="equivalent", margin=0.01, **MEAN),
        entry(value="diverged", statistic="share", unit=["seed"], rule="ci_below", threshold=0.5),
        entry(statistic="rank_correlation", against="steps", unit=["seed"], rule="ci_above", threshold=0),
        entry(value="at_edge", rule="at_least", threshold=1),
        entry(where={"diverged": False, "epochs": [10, 20], "learning_rate": 0.1}),
    ],
)
def test_what_fits_is_accepted(evidence):
    control = [{"of": "part", "name": "control", "where": {"seed": 1}}]
    assert checked([claim([evidence], control)])[0].evidence[0].name == "part"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "batch/walks"}, "part: table = 'batch/walks': one of train/history"),
        ({"value": "accuracy"}, "part: value = 'accuracy': a column of batch/runs, one of data, network"),
        ({"value": "recipe"}, "part: value = 'recipe': a column of numbers, not of text"),
        ({"over": "nothing"}, "part: over = 'nothing': a column of batch/runs"),
        ({"where": {"recipes": "gd"}}, r"part: where\.recipes = 'recipes': a column of batch/runs"),
        ({"where": {"seed": "0"}}, "part: seed = '0': a number"),
        ({"where": {"recipe": 3}}, "part: recipe = 3: text"),
        ({"where": {"diverged": 0}}, "part: diverged = 0: true or false"),
        ({"threshold": "chance"}, "part: threshold = 'chance': a column of batch/runs"),
        ({"threshold": "1e-3"}, "part: threshold = '1e-3': a column of batch/runs"),  # YAML's idea of a number
        ({"rule": "at_least"}, "part: rule = 'at_least': takes threshold, and not nothing"),
        ({"rule": "at_least", "threshold": 1, "margin": 1}, "part: rule = 'at_least': takes threshold, and not margin,"),
        ({"rule": "bound_holds", "below": 1, "above": 0}, "part: rule = 'bound_holds': takes below or above, opt"),
        ({"rule": "ci_above", "threshold": 0}, "part: statistic = 'each': rule ci_above takes mean, geometric_mean, share"),
        ({"rule": "equivalent", "margin": 1, "statistic": "share"}, "part: statistic = 'share': rule equivalent takes mean"),
        ({"statistic": "mean"}, "part: unit is missing"),
        ({"over": "test_accuracy"}, "part: over = 'test_accuracy': another column than value"),
        ({"threshold": "test_accuracy"}, "part: threshold = 'test_accuracy': another column than value"),
        ({"threshold": float("nan")}, "part: threshold = nan: a finite number"),
        ({"rule": "bound_holds", "below": 1, "tolerance": -0.1}, "part: tolerance = -0.1: at least 0"),
        (
            {"rule": "equivalent", "margin": 1, **MEAN, "contrast": {"column": "recipe", "of": "gd", "minus": "gd"}},
            "part: contrast = 'recipe: gd less gd': two different values",
        ),
        (
            {"statistic": "reported", "interval": ["steps", "steps"]},
            "part: interval = steps, steps: two columns, neither of them value",
        ),
        ({"unit": ["seed"]}, "part: unit: of no use with statistic each"),
        ({"statistic": "reported"}, "part: interval is missing"),
        ({"against": "steps"}, "part: against: of no use with statistic each"),
        ({"statistic": "rank_correlation", "unit": ["seed"]}, "part: against is missing"),
        ({"statistic": "reported", "interval": ["steps", "steps"], "log": True}, "part: log: not with statistic reported"),
        ({"statistic": "share", "unit": ["seed"]}, "part: value = 'test_accuracy': of a share, a column of true and false"),
        ({"statistic": "mean", "unit": ["seeds"]}, r"part: unit\[0\] = 'seeds': a column of batch/runs"),
        ({**CONTRAST, "contrast": {"column": "arm", "of": 1, "minus": 0}}, r"part: contrast\.column = 'arm': a column of"),
        ({**CONTRAST, "contrast": {"column": "recipe", "of": 1, "minus": "sgd"}}, "part: recipe = 1: text"),
        ({**CONTRAST, "contrast": {"column": "recipe", "of": "gd", "over": 1}}, "part: recipe = 1: text"),
        ({"without": {"recipes": "gd"}}, r"part: without\.recipes = 'recipes': a column of batch/runs"),
        ({"without": {"seed": "0"}}, "part: seed = '0': a number"),
        ({"per": ["networks"]}, r"part: per\[0\] = 'networks': a column of batch/runs"),
        ({"permuted": True}, "part: permuted: of no use with statistic each"),
    ],
)
def test_what_does_not_fit_is_refused_by_part_and_key(changes, message):
    refused(message, entry(**changes))


def test_a_share_is_held_against_a_share():
    share = entry(value="diverged", statistic="share", unit=["seed"], rule="ci_above", threshold=1.5)
    refused("part: threshold = 1.5: of a share, a number from 0 to 1", share)


def test_a_name_that_a_column_never_holds_is_refused():
    evidence = entry(table="sharpness/minima", where={"arm": "tiny"}, value="lambda_max")
    with pytest.raises(UserError, match=r"^S9: part: arm = 'tiny': one of "):
        checked([claim([evidence], [{"of": "part", "name": "control", "where": {"arm": "large"}}])])


def test_the_figure_exists():
    refused("figures = 'figure9': one of figure1", entry(), figures=("batch", "figure9"))


def test_the_figure_has_a_caption(monkeypatch):
    monkeypatch.setitem(checks.FIGURES, "sinks", ("batch/summary",))
    refused("figures = 'sinks': it has no caption in optprimer/figures/captions.yaml$", entry(), figures=("batch", "sinks"))


def test_no_more_parts_are_asked_for_than_there_are():
    refused("combine.at_least = 2: at most 1", entry(), combine=2)


def test_where_some_parts_suffice_as_many_have_controls():
    evidence = [entry(name="part"), entry(name="other"), entry(name="third")]
    controls = [{"of": name, "name": f"control of {name}", "where": {"seed": 1}} for name in ("part", "other")]
    assert checked([claim(evidence, controls, combine=2)])
    with pytest.raises(UserError, match=r"^S9: control: of 2 parts at least, as combine\.at_least"):
        checked([claim(evidence, [*controls[:1], {**controls[0], "name": "again"}], combine=2)])


def test_evidence_and_control_count_at_every_scale_of_the_claim():
    refused("scales: no evidence or no control counts at digits", entry(scales=["paper"]), scales=("digits", "paper"))


def test_a_control_is_checked_too():
    with pytest.raises(UserError, match=r"^S9: control: seed = 'first': a number$"):
        checked([claim([entry()], [{"of": "part", "name": "control", "where": {"seed": "first"}}])])
