"""The simulation of docs/clusters.md, and the graph of the largest scale that it runs through its queue."""

import re
import subprocess
import sys

import pytest
from running import ROOT

GIGABYTE = 1e9


@pytest.fixture
def makespan(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import makespan

    return makespan


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """What Snakemake draws of the scale `paper`, and the bytes of memory that it took."""
    folder = tmp_path_factory.mktemp("paper")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--workflow-profile", "none", "--configfile", str(ROOT / "workflow/scales/paper.yaml"), "--dag", "dot"]
    # A small process starts Snakemake: the memory of the one that starts a command counts as that command's, until it begins.
    inner = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL, check=True);"
    inner += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    with (folder / "dag.dot").open("wb") as drawing:
        small = [sys.executable, "-c", inner, *command]
        process = subprocess.run(small, stdout=drawing, stderr=subprocess.PIPE, text=True, check=True)
    return (folder / "dag.dot").read_text(encoding="utf-8"), int(process.stderr) * 1024


def job(makespan, seconds, *after, local=False):
    return makespan.Job("rule", {}, seconds, local, after)


def test_a_chain_takes_its_sum_on_any_number_of_workers(makespan):
    jobs = {1: job(makespan, 10), 2: job(makespan, 20, 1), 3: job(makespan, 5, 2, local=True)}
    assert makespan.simulate(jobs, 1, start=1) == makespan.simulate(jobs, 9, start=1) == 37
    took, chain = makespan.longest_chain(jobs, start=1)
    assert (took, chain) == (37, [jobs[1], jobs[2], jobs[3]])


def test_equal_jobs_are_shared_out_and_those_of_the_driver_take_no_worker(makespan):
    jobs = {number: job(makespan, 10) for number in range(6)} | {number: job(makespan, 7, local=True) for number in range(6, 9)}
    assert [makespan.simulate(jobs, workers, start=0) for workers in (1, 2, 4, 6, 7)] == [60, 30, 20, 10, 10]


def test_a_job_waits_for_the_last_of_its_inputs(makespan):
    jobs = {1: job(makespan, 3), 2: job(makespan, 8), 3: job(makespan, 1, 1, 2)}
    assert makespan.simulate(jobs, 2, start=0) == 9
    assert makespan.longest_chain(jobs, start=0)[1] == [jobs[2], jobs[3]]


def test_the_graph_of_the_largest_scale_is_of_a_size_that_snakemake_copes_with(makespan, paper):
    drawing, memory = paper
    assert 1000 < len(makespan.graph(drawing)) < 10_000
    assert memory < GIGABYTE


def test_the_document_says_what_the_simulation_says(makespan, paper, capsys, monkeypatch):
    monkeypatch.setattr(makespan, "drawn", lambda scale, target: paper[0])
    monkeypatch.setattr(sys, "argv", ["makespan.py", str(ROOT / "workflow/scales/paper.yaml")])
    makespan.main()
    printed = capsys.readouterr().out
    document = (ROOT / "docs/clusters.md").read_text(encoding="utf-8")
    for workers, hours, busy in re.findall(r"(\d+) workers: +([\d.]+) h, busy +(\d+)%", printed):
        assert f"| {workers} | {float(hours):.1f} h | {busy} % |" in document
    (chain,) = re.findall(r"longest chain: (.*)", printed)
    assert chain in document
    assert re.findall(r"^(\d+) jobs, (\d+) of them submitted", printed) == re.findall(r"(\d+) jobs, (\d+) of them", document)
