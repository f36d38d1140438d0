"""The whole workflow at the smoke scale, from a folder that is not the repository and has a space in its name."""

import json
import re
import shutil

import pandas as pd
import pytest
from PIL import Image
from running import ROOT, run_snakemake
from typer.testing import CliRunner

from optprimer.claims.load import load as load_claims
from optprimer.cli import app
from optprimer.figures.registry import FIGURES, PAGES
from optprimer.rates.registry import STUDIES
from optprimer.registry import TABLES
from optprimer.tables import read

LANDSCAPE = [table for table in TABLES if table.startswith("landscape/")]
MEMORIZATION = [table for table in TABLES if table.startswith("memorization/")]
RATES = [table for table in TABLES if table.startswith("rates/")]
NOTHING = "Nothing to be done"


def said(done):
    return done.stdout + done.stderr


def jobs(done):
    """Names of the rules that a dry run would run."""
    text = said(done)
    return set(re.findall(r"^(\w+) +\d+$", text[text.index("Job stats") :], re.M)) - {"total"}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of what runs, to be edited."""
    copy = tmp_path / "copy"
    for part in ("src", "workflow", "Snakefile", "config.yaml", "profiles"):
        source = ROOT / part
        shutil.copytree(source, copy / part) if source.is_dir() else shutil.copy(source, copy / part)
    monkeypatch.setenv("PYTHONPATH", str(copy / "src"))
    return copy


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_there(smoke, figure):
    for extension in ("png", "pdf", "svg"):
        assert (smoke / f"figures/smoke/{figure}.{extension}").stat().st_size > 5000
    assert figure not in PAGES or (smoke / f"figures/smoke/{figure}.html").stat().st_size > 1e6


@pytest.mark.parametrize("table", LANDSCAPE)
def test_every_table_is_valid_and_has_both_networks(smoke, table):
    frame = read(TABLES[table], smoke / f"results/smoke/{table}.csv")
    assert set(frame["net"]) - {"resnet56_again"} == {"resnet56", "resnet56_noskip"}


def test_the_control_differs_in_its_seed_and_is_measured_on_the_common_grid_alone(smoke):
    rows = {table: pd.read_csv(smoke / f"results/smoke/{table}.csv") for table in LANDSCAPE}
    with_control = {table for table, frame in rows.items() if "resnet56_again" in set(frame["net"])}
    assert with_control == {"landscape/geometry"}
    geometry = rows["landscape/geometry"].query("directions == 'filter' and common")
    of_control = geometry.query("surface == 'control'")
    assert set(of_control["net"]) == {"resnet56_again"}
    assert set(of_control["direction_seed"]) == set(geometry["direction_seed"]) == {0, 1}
    first, again = (pd.read_csv(smoke / f"results/smoke/train/{net}/history.csv") for net in ("resnet56", "resnet56_again"))
    assert (set(first["seed"]), set(again["seed"])) == ({0}, {1})
    assert first["train_loss"].iloc[-1] != again["train_loss"].iloc[-1]


@pytest.mark.parametrize("table", RATES)
def test_every_table_of_rates_is_valid_and_has_rows(smoke, table):
    assert len(read(TABLES[table], smoke / f"results/smoke/{table}.csv"))


@pytest.mark.parametrize("table", MEMORIZATION)
def test_every_table_of_memorization_is_valid_and_has_every_network(smoke, table):
    frame = read(TABLES[table], smoke / f"results/smoke/{table}.csv")
    assert {"mlp_1x512", "mlp_3x512", "alexnet", "inception", "inception_no_bn", "mlp_1x8", "linear"} == set(frame["network"])


def test_every_planned_run_has_ended_once_and_labels_are_what_was_asked_for(smoke):
    plan = read(TABLES["memorization/plan"], smoke / "results/smoke/memorization/plan.csv")
    runs = read(TABLES["memorization/runs"], smoke / "results/smoke/memorization/runs.csv")
    names = ["network", "labels", "corruption", "regularizer", "seed"]
    assert set(plan[names].itertuples(index=False)) == set(runs[names].itertuples(index=False))
    assert (runs["agreement"].between(runs["agreement_low"], runs["agreement_high"])).all()
    assert (runs["shared_images"] == 0).all()
    of_labels = runs[runs["labels"] != "redrawn_labels"].groupby(["corruption", "seed"])["labels_digest"].nunique()
    assert (of_labels == 1).all()


def test_random_labels_are_memorized_and_controls_cannot(smoke):
    runs = pd.read_csv(smoke / "results/smoke/memorization/runs.csv").query("corruption == 1")
    memorized = runs.query("network == 'mlp_1x512' and labels == 'random_labels' and regularizer == 'none'")
    assert memorized["fitted"].all()
    assert (memorized["true_accuracy"] == memorized["agreement"]).all()
    controls = runs.query("network == 'mlp_1x8' or labels == 'redrawn_labels' or regularizer == 'strong_weight_decay'")
    assert len(controls) == 3
    assert not controls["fitted"].any()


def test_claims_on_rates_hold_and_controls_fail(smoke):
    checks = pd.read_csv(smoke / "results/smoke/rates/checks.csv")
    wrong = checks[checks["holds"] != (checks["role"] == "claim")]
    assert wrong.empty, wrong.to_string()
    curves = pd.read_csv(smoke / "results/smoke/rates/curves.csv").query("role == 'claim'")
    sign = curves["relation"].map({"<=": 1, ">=": -1})
    for bound in ("bound", "tight_bound"):
        broken = curves[sign * (curves["value"] - curves[bound]) > 1e-9 * curves[bound].abs()]
        assert broken.empty, broken.to_string()


def test_every_study_has_rows(smoke):
    parts = {path.parent.name for path in smoke.glob("results/smoke/rates/*/*.csv") if len(pd.read_csv(path))}
    assert parts == set(STUDIES)


def test_centre_of_every_random_surface_is_the_trained_network(smoke):
    surface = pd.read_csv(smoke / "results/smoke/landscape/surface.csv").query("alpha == 0 and beta == 0")
    spread = surface.groupby("net")["loss"].agg(lambda loss: loss.max() - loss.min())
    assert (spread < 1e-9).all()


def test_fp32_agrees_with_loss_landscapes(smoke):
    differences = pd.read_csv(smoke / "results/smoke/landscape/crosscheck.csv")["relative_difference"]
    assert differences.max() < 1e-5


def test_every_claim_has_a_verdict_and_those_of_this_scale_have_evidence(smoke):
    verdicts = read(TABLES["claims"], smoke / "results/smoke/claims.csv").set_index("claim")["verdict"]
    claims = load_claims()
    assert list(verdicts.index) == [claim.id for claim in claims]
    assert [claim.id for claim in claims if "smoke" in claim.scales and verdicts[claim.id] == "not run"] == []


def test_an_edited_registry_judges_again_and_measures_nothing(smoke, checkout):
    registry = checkout / "src/optprimer/claims/registry/pl.yaml"
    registry.write_text(registry.read_text() + "# a remark\n")
    done = run_snakemake(smoke, "--dry-run", root=checkout)
    assert "judge" in jobs(done)
    assert not {"rates", "train", "surface_rows", "memorize", "batch_train", "edge_descent", "sharpness", "figure"} & jobs(done)


def test_the_manifest_has_every_table_figure_and_rule(smoke):
    record = json.loads((smoke / "results/smoke/manifest.json").read_text())
    assert {re.sub(r"train/\w+/", "train/", name) for name in record["tables"]} == set(TABLES)
    pictures = {f"{figure}.{extension}" for figure in FIGURES for extension in ("png", "pdf", "svg")}
    assert pictures | {f"{page}.html" for page in PAGES} <= set(record["figures"])
    assert {"data", "train", "surface_rows", "memorize", "rates"} <= set(record["measured"]["rules"])
    assert (record["run"], record["scale"]) == ("smoke", "smoke")
    assert record["config"]["train"]["networks"]["resnet56"]["epochs"] == 2  # of the scale laid over config.yaml
    assert (smoke / "results/smoke/ro-crate-metadata.json").exists()


def test_every_figure_leads_to_its_manifest(smoke):
    record = json.loads((smoke / "results/smoke/manifest.json").read_text())
    for figure in FIGURES:
        with Image.open(smoke / f"figures/smoke/{figure}.png") as image:
            assert json.loads(image.info["Description"])["run_digest"] == record["run_digest"]


def test_a_run_compared_with_itself_is_the_same(smoke):
    result = CliRunner().invoke(app, ["compare", str(smoke / "results/smoke"), str(smoke / "results/smoke"), "--strict"])
    assert result.exit_code == 0, result.output
    assert "settings: the same" in result.output


def test_the_page_shows_every_claim_and_figure_and_a_run_ends_by_naming_it(smoke):
    path = smoke / "figures/smoke/index.html"
    before = path.read_bytes()
    assert len(before) < 12e6
    claims = re.findall(r'<article class="claim" id="(\w+)"', before.decode())
    assert claims == [claim.id for claim in load_claims()]
    assert before.count(b"<img") == len(FIGURES)
    assert set(re.findall(rb'id="live-(\w+)"', before)) == {b"figure1", b"figure2", b"descent", b"memorization"}
    done = run_snakemake(smoke, "--forcerun", "page")
    assert done.returncode == 0, said(done)
    assert path.read_bytes() == before
    assert str(path) in said(done)
    assert re.search(rf"^{len(claims)} claims: ", said(done), re.M)


def test_second_run_has_nothing_to_do_under_another_hash_seed(smoke, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert NOTHING in said(run_snakemake(smoke))


@pytest.mark.parametrize(
    ("edited", "comment_only", "reruns", "spared"),
    [
        ("src/optprimer/landscape/evaluator.py", True, set(), {"train", "surface_rows"}),
        ("src/optprimer/landscape/evaluator.py", False, {"surface_rows", "line_rows", "trajectory"}, {"train", "data"}),
        ("src/optprimer/landscape/geometry.py", False, {"geometry", "figure"}, {"train", "surface_rows", "curvature_rows"}),
        ("src/optprimer/training/loop.py", False, {"train", "surface_rows", "memorize"}, {"data"}),
        ("src/optprimer/memorization/variants.py", False, {"memorize"}, {"train", "rates", "surface_rows"}),
        ("src/optprimer/memorization/summary.py", False, {"memorization_summary", "figure"}, {"memorize", "train"}),
    ],
)
def test_an_edit_reruns_what_depends_on_it(smoke, checkout, edited, comment_only, reruns, spared):
    path = checkout / edited
    path.write_text(path.read_text() + ("\n# a comment\n" if comment_only else "\n_ADDED = 1\n"))
    done = run_snakemake(smoke, "--dry-run", root=checkout)
    assert done.returncode == 0, said(done)
    if comment_only:
        assert NOTHING in said(done)
        return
    assert reruns <= jobs(done)
    assert not spared & jobs(done)


@pytest.mark.parametrize(
    ("setting", "named"),
    [("epochs=3", "epochs"), ("seed=-1", "seed"), ("precision=fp16", "precision"), ("device=tpu", "device")],
)
def test_a_wrong_setting_is_one_line_before_any_job(tmp_path, setting, named):
    done = run_snakemake(tmp_path, "--config", setting)
    assert done.returncode != 0
    line = [line for line in said(done).splitlines() if line.startswith("config:")]
    assert len(line) == 1
    assert named in line[0]
    assert not (tmp_path / "results").exists()


def test_one_figure_as_target(tmp_path):
    done = run_snakemake(tmp_path, "--dry-run", "figure_training")
    assert done.returncode == 0, said(done)
    assert jobs(done) == {"data", "train", "figure", "figure_training"}


@pytest.mark.parametrize("scale", ["cifar10-quick", "cifar10", "paper"])
def test_every_scale_has_a_graph(tmp_path, scale):
    done = run_snakemake(tmp_path, "--dry-run", "--configfile", str(ROOT / f"workflow/scales/{scale}.yaml"), smoke=False)
    assert done.returncode == 0, said(done)
    assert "surface_rows" in jobs(done)
