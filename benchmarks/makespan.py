"""How long a scale takes on some number of workers: its graph of jobs is run through a simulated queue.

    python benchmarks/makespan.py workflow/scales/paper.yaml [--target figure1] [--workers 1 8 64 512] [--start 60]
    python benchmarks/makespan.py workflow/scales/smoke.yaml --benchmarks results/smoke/benchmarks --workers 2

Seconds of a job are those of the benchmark files of a finished run, or else what ``durations`` counts for a GPU. A worker is a
GPU, or a core; ``--start`` seconds pass between a job being ready and its command at work: queue, looks at the queue, imports.
Jobs start in the order in which they are ready. Small rules of the driver occupy no worker.
"""

import argparse
import heapq
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from durations import LOCAL_SECONDS, seconds_on_gpu

from optprimer.config.load import load
from optprimer.manifest.jobs import costs

ROOT = Path(__file__).parents[1]
WORKERS = [1, 8, 64, 512]


@dataclass(frozen=True)
class Job:
    """A node of the graph: ``after`` are the numbers of those that it waits for; local ones occupy no worker."""

    rule: str
    wildcards: dict[str, str]
    seconds: float
    local: bool
    after: tuple[int, ...]

    def __str__(self) -> str:
        return " ".join([self.rule, *self.wildcards.values()])


def local_rules() -> set[str]:
    """Return the rules that run beside Snakemake itself, and the targets, which run nothing."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")]
    bodies = [found for text in texts for found in re.findall(r"^rule (\w+):\n((?:(?:[ ]+.*)?\n)+)", text, re.M)]
    return {"collect_findings", *(name for name, body in bodies if "localrule: True" in body)}


def drawn(scale: Path, target: str = "all") -> str:
    """Return the graph of the jobs behind a target, as Snakemake draws it for an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", folder]
        command += ["--workflow-profile", "none", "--configfile", str(scale.resolve()), "--dag", "dot", "--", target]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def graph(dot: str) -> dict[int, tuple[str, dict[str, str], tuple[int, ...]]]:
    """Return rule, wildcards that its inputs have not, and predecessors of each node of a drawing."""
    before: dict[int, list[int]] = {}
    for start, end in re.findall(r"^\s*(\d+) -> (\d+)$", dot, re.M):
        before.setdefault(int(end), []).append(int(start))
    nodes = {}
    for number, label in re.findall(r'^\s*(\d+)\[label = "([^"]*)"', dot, re.M):
        rule, *wildcards = label.split("\\n")
        nodes[int(number)] = (rule, dict(line.split(": ", 1) for line in wildcards), tuple(before.get(int(number), ())))
    return nodes


def simulate(jobs: dict[int, Job], workers: int, start: float) -> float:
    """Return the seconds until the last job has ended."""
    waits = {number: len(job.after) for number, job in jobs.items()}
    followers: dict[int, list[int]] = {number: [] for number in jobs}
    for number, job in jobs.items():
        for before in job.after:
            followers[before].append(number)
    ready = [number for number in sorted(jobs) if not waits[number]]
    running: list[tuple[float, int]] = []
    now, idle = 0.0, workers
    while ready or running:
        later = []
        for number in ready:
            job = jobs[number]
            if job.local:
                heapq.heappush(running, (now + job.seconds, number))
            elif idle:
                idle -= 1
                heapq.heappush(running, (now + start + job.seconds, number))
            else:
                later.append(number)
        ready = later
        now, ended = heapq.heappop(running)
        idle += not jobs[ended].local
        for number in followers[ended]:
            waits[number] -= 1
            if not waits[number]:
                ready.append(number)
    return now


def longest_chain(jobs: dict[int, Job], start: float) -> tuple[float, list[Job]]:
    """Return the seconds and the jobs of the longest path, which no number of workers shortens."""
    ends: dict[int, tuple[float, int | None]] = {}

    def end(number: int) -> float:
        if number not in ends:
            job = jobs[number]
            last = max(job.after, key=end, default=None)
            ends[number] = ((end(last) if last is not None else 0.0) + job.seconds + (0 if job.local else start), last)
        return ends[number][0]

    number: int | None = max(jobs, key=end)
    seconds, chain = ends[number][0], []
    while number is not None:
        chain.append(jobs[number])
        number = ends[number][1]
    return seconds, chain[::-1]


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scale", type=Path)
    parser.add_argument("--target", default="all")
    parser.add_argument("--benchmarks", type=Path, help="folder of the benchmark files of a finished run")
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS)
    parser.add_argument("--start", type=float, default=60)
    options = parser.parse_args()
    settings, local = load(options.scale), local_rules() | {options.target}
    measured = (
        {rule: cost.seconds / cost.jobs for rule, cost in costs(options.benchmarks).items()} if options.benchmarks else {}
    )
    missing = mean(measured.values()) if measured else None

    def seconds(rule: str, wildcards: dict[str, str]) -> float:
        if measured:
            return measured.get(rule, LOCAL_SECONDS if rule in local else missing)
        return LOCAL_SECONDS if rule in local else seconds_on_gpu(rule, wildcards, settings)

    jobs = {
        number: Job(rule, wildcards, seconds(rule, wildcards), rule in local, after)
        for number, (rule, wildcards, after) in graph(drawn(options.scale, options.target)).items()
    }
    submitted = [job for job in jobs.values() if not job.local]
    total = sum(job.seconds for job in submitted)
    print(f"{len(jobs)} jobs, {len(submitted)} of them submitted, {total / 3600:.2f} hours of a worker")
    for rule in sorted({job.rule for job in submitted}):
        times = [job.seconds for job in submitted if job.rule == rule]
        print(f"  {rule:<16} {len(times):>5} jobs  {sum(times) / 3600:>8.2f} h  longest {max(times) / 60:>7.1f} min")
    for workers in options.workers:
        took = simulate(jobs, workers, options.start)
        print(f"{workers:>5} workers: {took / 3600:8.2f} h, busy {total / took / workers:4.0%}")
    took, chain = longest_chain(jobs, options.start)
    print(f"longest chain: {took / 3600:.2f} h: " + " -> ".join(map(str, chain)))


if __name__ == "__main__":
    main()
