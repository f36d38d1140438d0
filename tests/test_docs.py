"""What the documents say of the project is so: the rule graph, the tables, the links, the counts, and the example."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from optprimer.config.load import load
from optprimer.landscape.jobs import Jobs
from optprimer.registry import TABLES

ROOT = Path(__file__).parents[1]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples/own_network"
OURS = ("docs", "examples", "data", "workflow", "figures/reference", "results/reference", "benchmarks")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in OURS for page in (ROOT / folder).rglob("*.md"))])


def rule_graph(mermaid: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Rules, and arrows between their names; identifiers and order are Snakemake's business."""
    names = dict(re.findall(r"^\s*(\w+)\[(\w+)\]\s*$", mermaid, re.M))
    arrows = re.findall(r"^\s*(\w+) --> (\w+)\s*$", mermaid, re.M)
    return set(names.values()), {(names[start], names[end]) for start, end in arrows}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_rule_graph_is_that_of_the_snakefile(tmp_path):
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path)]
    command += ["--rulegraph", "mermaid-js", "--workflow-profile", "none"]
    printed = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    (written,) = blocks(ARCHITECTURE, "mermaid")
    rules, arrows = rule_graph(written)
    assert len(rules) > 10
    assert (rules, arrows) == rule_graph(printed), "paste what the command beside the graph in docs/architecture.md prints"


def of_run(table: str) -> str:
    return table.replace("train/", "train/{net}/")


@pytest.mark.parametrize("table", TABLES)
def test_table_is_described_with_its_key_model_and_columns(table):
    (line,) = [line for line in ARCHITECTURE.splitlines() if re.match(rf"\| `{of_run(table)}\.csv` \|", line)]
    _, key, model, columns = cells(line)
    expected = TABLES[table]
    assert model == f"`{expected.__name__}`"
    assert key.split(", ") == expected._key
    assert columns.split(", ") == [name for name in expected.to_schema().columns if name not in expected._key]


def test_no_table_is_described_that_does_not_exist():
    assert set(re.findall(r"^\| `([\w{}/]+)\.csv` \|", ARCHITECTURE, re.M)) == {of_run(table) for table in TABLES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere_inside(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(<?([^)\s>]+)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    for target in targets:
        path, _, _ = target.partition("#")
        if path and not re.match(r"[a-z]+:", path):
            linked = (page.parent / path).resolve()
            assert linked.is_relative_to(ROOT), f"{target} leads out of the repository"
            assert linked.exists(), f"{target} is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_machine_path_is_mentioned(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"(?<![^\s`'\"(=:])(?:/(?:[\w.-]+/)+[\w.-]*|[A-Z]:\\\S*|~/\S*)", text) == []
    upwards = re.findall(r"(?:\.\./)+[\w./-]*", text)
    assert [path for path in upwards if not (page.parent / path).resolve().is_relative_to(ROOT)] == []


@pytest.mark.parametrize(("scale", "networks"), [("cifar10", 2), ("paper", 1)])
def test_costs_count_the_work_that_the_scale_asks_for(scale, networks):
    """``networks``: for how many networks a row of the page counts."""
    settings = load(ROOT / f"workflow/scales/{scale}.yaml")["landscape"]
    jobs = Jobs.plan(settings)
    times = f"{networks} × " if networks > 1 else ""
    surfaces = jobs.surfaces.values()
    points = sum(len(family.seeds) * family.points**2 for family in surfaces)
    lines = len(jobs.line.seeds) * jobs.line.points
    images, both, curvature = settings["images"], settings["images"] + settings["test_images"], settings["curvature"]
    products = f"{curvature['points'] ** 2} points × {curvature['iterations']} products × {curvature['images']:,} images"
    expected = {
        "surface_rows": (f"{times}{points:,} points × {images:,} images", sum(len(family.ranges()) for family in surfaces)),
        "line_rows": (f"{times}{lines} points × {both:,} images", len(jobs.line.ranges())),
        "curvature_rows": (f"{times}{products}", len(jobs.curvature.ranges())),
    }
    _, section = (ROOT / "docs/costs.md").read_text(encoding="utf-8").split(f"\n## `{scale}`", 1)
    rows = {row[0].strip("`"): row for row in map(cells, section.partition("\n## ")[0].splitlines()) if len(row) == 5}
    for rule, (work, count) in expected.items():
        assert rows[rule][1:3] == [work, str(networks * count)]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's commands as its README gives them, in a folder of their own; only the grid is smaller."""
    folder = tmp_path_factory.mktemp("own network")
    for name in ("mynet.py", "make_data.py"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())
    for command in "".join(blocks((EXAMPLE / "README.md").read_text(encoding="utf-8"), "sh")).splitlines():
        program, *arguments = shlex.split(command)
        if arguments[0] == "landscape":
            arguments += ["--points", "7", "--images", "200", "--direction-seeds", "0", "--threads", "1"]
        start = {"python": [], "optprimer": ["-c", "from optprimer.cli import main; main()"]}[program]
        done = subprocess.run([sys.executable, *start, *arguments], capture_output=True, text=True, cwd=folder, check=False)
        assert done.returncode == 0, done.stderr
    return folder


def test_example_writes_what_its_readme_lists(example):
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"`([\w.]+\.(?:csv|png|safetensors))`", text[text.index("## What comes out") :])
    assert {"surface.csv", "figure1.png", "directions.safetensors"} <= set(listed)
    assert all((example / "landscape" / name).stat().st_size > 100 for name in listed if name != "weights.safetensors")


def test_example_in_python_runs_and_agrees(example):
    (snippet,) = blocks((EXAMPLE / "README.md").read_text(encoding="utf-8"), "python")
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, cwd=example, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 of 2 batch norms folded")
    # Other samples of the same images and perhaps another precision: the trained network's loss agrees within its error.
    centres = [
        pd.read_csv(example / folder / "surface.csv").query("alpha == 0 and beta == 0 and direction_seed == 0").iloc[0]
        for folder in ("landscape", "landscape-from-python")
    ]
    assert abs(centres[0]["loss"] - centres[1]["loss"]) < 4 * max(centre["loss_se"] for centre in centres)
    assert min(centre["accuracy"] for centre in centres) > 0.9
