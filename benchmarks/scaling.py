"""Speed-up of a loss surface that is split over jobs, on several cores against one, as a ratio measured in one run.

    python benchmarks/scaling.py [--cores 2] [--rounds 3] [--points 25] [--images 1000]

The workflow itself computes one surface of ResNet-56 on digits, in some four jobs of one thread for each core, after it has
made data, weights and directions once. Rounds on one core and on several take turns; each begins without rows and state.
What is timed is the whole command: Snakemake, the starts of all jobs, and the last job that has the machine to itself.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from optprimer.config.load import load
from optprimer.landscape.jobs import Jobs

ROOT = Path(__file__).parents[1]
SMOKE = ROOT / "workflow/scales/smoke.yaml"
RUN, NET, SURFACE = "scaling", "resnet56", "fine"
JOBS_PER_CORE = 4


def snakemake(folder: Path, scale: Path, cores: int, targets: list[str]) -> float:
    """Run the workflow; return the seconds that it took."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--workflow-profile", "none", "--quiet", "all", "--cores", str(cores)]
    command += ["--configfile", str(SMOKE), str(scale), "--", *targets]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--points", type=int, default=25)
    parser.add_argument("--images", type=int, default=1000)
    options = parser.parse_args()
    per_job = -(-options.points // (JOBS_PER_CORE * options.cores)) * options.points
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scale = folder / "scaling.yaml"
        landscape = {"images": options.images, "batch_size": 250, "points_per_job": per_job}
        landscape["surfaces"] = {SURFACE: {"seeds": [0], "points": options.points}}
        scale.write_text(json.dumps({"run": RUN, "landscape": landscape}), encoding="utf-8")
        ranges = Jobs.plan(load(SMOKE, scale)["landscape"]).surfaces[SURFACE].ranges()
        rows = f"results/{RUN}/landscape/{NET}/rows"
        snakemake(folder, scale, options.cores, [f"results/{RUN}/landscape/{NET}/directions/filter.safetensors"])
        seconds: dict[int, list[float]] = {1: [], options.cores: []}
        for _ in range(options.rounds):
            for cores, times in seconds.items():
                for path in (folder / rows, folder / f"results/{RUN}/.state/surface"):
                    shutil.rmtree(path, ignore_errors=True)
                targets = [f"{rows}/{SURFACE}/{first}-{last}.csv" for first, last in ranges]
                times.append(snakemake(folder, scale, cores, targets))
    for cores, times in seconds.items():
        print(f"{len(ranges)} jobs on {cores} cores: {median(times):.1f} s, median of {[round(t, 1) for t in times]}")
    print(f"speed-up: {median(seconds[1]) / median(seconds[options.cores]):.2f}")


if __name__ == "__main__":
    main()
