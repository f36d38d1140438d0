"""``optprimer claims``: judged, shown, compared, explained; bad input ends in one line."""

import json
import re
from hashlib import sha256

import pytest
from claims_parts import CONTRAST, claim, entry, runs
from typer.testing import CliRunner

from optprimer.batch.tables import Runs
from optprimer.claims import checks, load
from optprimer.claims.commands import app
from optprimer.claims.load import scales
from optprimer.claims.origin import check_scale
from optprimer.claims.tables import Claims
from optprimer.cli import main
from optprimer.config.schema import ROOT
from optprimer.errors import UserError
from optprimer.tables import read, write

BETTER = entry(rule="ci_above", threshold=0.0, **{**CONTRAST, "where": {}})
CHANCE = {"of": "part", "name": "another shuffle", "contrast": {"column": "recipe", "of": "sgd_again", "minus": "sgd"}}
PERFECT = entry(threshold=0.99)
CLAIMS = [
    claim([BETTER], [CHANCE], claim="S8", statement="GD is better."),
    claim([PERFECT], claim="S9", order=2, statement="GD is perfect."),
    claim(claim="S10", order=3, scales=("paper",)),
]


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(load, "load", lambda: CLAIMS)
    monkeypatch.setattr(checks, "load", lambda: CLAIMS)


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments), catch_exceptions=False)


def make_run(folder, data="made", **recipes):
    frame = runs(**recipes).assign(data=data)
    rest = {name: 1 for name in Runs.to_schema().columns if name not in frame}
    write(frame.assign(**rest).assign(against="sgd"), Runs, folder / "batch/runs.csv")


def judge(name="digits", output=None):
    folders = ("--results", f"results/{name}", "--output", f"results/{output or name}")
    return invoke("judge", *folders, "--scale", "digits").output


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a run of one table, judged, and its verdicts as the reference."""
    monkeypatch.chdir(tmp_path)
    sgd = {"sgd": [0.8, 0.82, 0.81, 0.81], "sgd_again": [0.81, 0.81, 0.8, 0.82], "poor": [0.2]}
    make_run(tmp_path / "results/digits", gd=[0.9, 0.91, 0.92, 0.91], **sgd)
    make_run(tmp_path / "results/worse", gd=[0.8, 0.81, 0.82, 0.81], **sgd)
    assert judge() == judge(output="reference/digits") == "3 claims: 1 supported, 1 refuted, 1 not run (scale digits)\n"
    return tmp_path


def test_verdicts_are_shown_with_refuted_ones_first_and_counted_last(folder):
    lines = invoke().output.splitlines()
    assert lines[-1] == "3 claims: 1 supported, 1 refuted, 1 not run."
    assert lines[-2] == "of 1 supported claims that rest on p-values, 1 remain after Holm's adjustment at 5 %."
    places = [next(i for i, line in enumerate(lines) if text in line) for text in ("S9", "S8", "S10")]
    assert places == sorted(places)
    assert "refuted" in lines[places[0]]
    assert "another shuffle" in lines[places[1]]


def test_the_same_verdicts_are_strictly_the_same(folder):
    assert invoke("--strict").exit_code == 0


def test_another_verdict_is_named_and_fails_where_strictness_is_asked_for(folder):
    make_run(folder / "results/digits", gd=[0.8, 0.81, 0.82, 0.81], sgd=[0.8, 0.82, 0.81, 0.81], sgd_again=[0.8] * 4)
    judge()
    assert invoke().exit_code == 0
    done = invoke("--strict")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "S8: inconclusive, in results/reference/digits supported",
        "S9: inconclusive, in results/reference/digits refuted",
    ]


def test_a_run_that_was_not_judged_or_has_no_reference_is_named(folder):
    with pytest.raises(UserError, match=r"^results/worse: no claims\.csv there"):
        invoke("--run", "worse")
    judge("worse")
    with pytest.raises(UserError, match=r"^results/reference/worse: no claims\.csv there"):
        invoke("--run", "worse", "--strict")


def test_a_claim_is_explained_from_its_rows_to_its_verdict(folder):
    text = invoke("explain", "S8").output
    for expected in (
        "S8 (Stochastic gradients): GD is better.",
        "Verdict at scale digits: supported",
        "Evidence: part",
        "table      batch/runs.csv, 8 rows: all rows",
        "measured   test_accuracy, recipe: gd less sgd, paired by seed",
        "    mlp,gd,0,0.9\n",
        "    ... 3 more",
        "statistic  mean: 0.1 [0.08701, 0.113], n = 4, p = 0.0001",
        "rule       ci_above, threshold 0.0: the interval lies above",
        "Control: another shuffle (control of: part)",
        "  snakemake --cores all --forceall results/digits/batch/runs.csv\n",
        "  optprimer claims judge --results results/digits --scale digits --output results/digits\n",
    ):
        assert expected in text


def test_the_command_that_remakes_evidence_names_scale_and_run(folder):
    folder.joinpath("results/digits").rename(folder / "results/seed7")
    invoke("judge", "--results", "results/seed7", "--scale", "paper", "--output", "results/seed7")
    text = invoke("explain", "S10", "--run", "seed7").output
    assert "results/seed7/batch/runs.csv --configfile workflow/scales/paper.yaml --config run=seed7\n" in text


def test_where_a_claim_is_not_judged_no_command_remakes_it(folder):
    assert "snakemake" not in invoke("explain", "S10").output


def test_an_output_that_cannot_be_written_is_one_line(folder, monkeypatch, capsys):
    (folder / "taken").write_text("")
    flags = ["--results", "results/digits", "--scale", "digits", "--output", "taken"]
    monkeypatch.setattr("sys.argv", ["optprimer", "claims", "judge", *flags])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (
        1,
        "optprimer: taken/claims/evidence.csv: cannot be written (Not a directory)\n",
    )


def test_rows_that_changed_since_they_were_judged_are_said_to_have(folder):
    assert "has changed" not in invoke("explain", "S9").output
    make_run(folder / "results/digits", gd=[0.9, 0.9])
    assert "(the table has changed since it was judged)" in invoke("explain", "S9").output


@pytest.mark.parametrize("arguments", [("S99",), ("s8",), ("",)])
def test_a_wrong_claim_is_refused_with_those_that_there_are(folder, arguments):
    with pytest.raises(UserError, match=rf"^claim '{arguments[0]}': allowed are S8, S9, S10$"):
        invoke("explain", *arguments)


def test_a_wrong_scale_or_folder_is_refused(folder):
    with pytest.raises(UserError, match=r"^scale 'huge': allowed are smoke, digits"):
        invoke("judge", "--results", "results/digits", "--scale", "huge", "--output", "x")
    with pytest.raises(UserError, match=r"^results/nowhere: no such folder of results$"):
        invoke("judge", "--results", "results/nowhere", "--scale", "digits", "--output", "x")
    assert not (folder / "x").exists()


@pytest.mark.parametrize(
    ("data", "allowed", "refused"),
    [
        ("digits-8", ["smoke", "digits"], {"cifar10-quick", "cifar10", "paper"}),
        ("digits-4", ["smoke", "digits"], {"cifar10-quick"}),
        ("cifar10-jpeg75-16", ["cifar10-quick"], {"smoke", "digits", "cifar10", "paper"}),
        ("cifar10-32", ["cifar10", "paper"], {"digits", "cifar10-quick"}),
        ("cifar10-custom-8", ["cifar10-quick", "cifar10", "paper"], {"digits"}),
        ("analytic", ["smoke", "digits", "cifar10-quick", "cifar10", "paper"], set()),
        ("photographs", ["smoke", "digits", "cifar10-quick", "cifar10", "paper"], set()),
    ],
)
def test_tables_of_other_images_than_those_of_the_scale_are_refused(tmp_path, data, allowed, refused):
    make_run(tmp_path / "mine", data=data, gd=[0.9, 0.8], sgd=[0.8, 0.7])
    flags = ["--results", str(tmp_path / "mine"), "--output", str(tmp_path / "out"), "--scale"]
    for scale in allowed:
        assert f"(scale {scale})" in invoke("judge", *flags, scale).output
    for scale in sorted(refused):
        with pytest.raises(UserError) as error:
            invoke("judge", *flags, scale)
        text = rf"--scale '{scale}': \S*mine/batch/runs\.csv is of {data}; allowed are "
        assert re.fullmatch(text + "[a-z0-9, -]+", str(error.value))
        assert set(str(error.value).partition("allowed are ")[2].split(", ")) == set(allowed)


@pytest.fixture
def finished(folder):
    """The run of ``folder``, with the manifest that its workflow would have written."""
    results = folder / "results/digits"
    tables = {name: sha256((results / f"{name}.csv").read_bytes()).hexdigest() for name in ("batch/runs", "claims")}
    record = {"scale": "digits", "tables": {name: {"sha256": digest} for name, digest in tables.items()}}
    (results / "manifest.json").write_text(json.dumps(record))
    return results


def test_tables_are_not_judged_at_another_scale_than_their_manifest_says(finished):
    assert judge(output="elsewhere") == "3 claims: 1 supported, 1 refuted, 1 not run (scale digits)\n"
    with pytest.raises(UserError) as error:
        invoke("judge", "--results", "results/digits", "--scale", "smoke", "--output", "elsewhere")
    assert str(error.value) == "--scale 'smoke': these tables are of scale digits, says results/digits/manifest.json"


def damaged(results):
    (results / "manifest.json").write_text('{"tables": ')


def listing_nothing(results):
    (results / "manifest.json").write_text("[1]")


def made_anew(results):
    make_run(results, gd=[0.9, 0.8], sgd=[0.8, 0.7])


def judged_again(results):
    (results / "claims.csv").unlink()  # by Snakemake, which removes what a job is about to write


@pytest.mark.parametrize("happened", [damaged, listing_nothing, made_anew, judged_again])
def test_a_manifest_that_is_not_of_these_tables_says_nothing_of_their_scale(finished, happened):
    happened(finished)
    assert "(scale smoke)" in invoke("judge", "--results", "results/digits", "--scale", "smoke", "--output", "x").output


@pytest.mark.parametrize("name", ["digits", "cifar10-quick"])
def test_the_reference_tables_are_of_one_scale_by_their_own_account(name):
    folder = ROOT / "results/reference" / name
    check_scale(folder, name)
    for other in {*scales()} - {name}:
        with pytest.raises(UserError, match=f"^--scale '{other}': "):
            check_scale(folder, other)


def test_a_run_that_failed_in_part_is_judged_by_what_there_is(folder):
    (folder / "results/digits/batch/runs.csv").unlink()
    assert judge() == "3 claims: 3 not run (scale digits)\n"
    verdicts = read(Claims, folder / "results/digits/claims.csv")
    assert verdicts["reason"][0] == "there is no table batch/runs"
    assert "3 claims: 3 not run." in invoke().output


def test_a_table_of_another_kind_is_refused_by_name(folder):
    (folder / "results/digits/batch/runs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"results/digits/batch/runs\.csv: not a table of runs rows"):
        judge()
