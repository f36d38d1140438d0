"""What the jobs of a run took, from the files that Snakemake's ``benchmark`` directive leaves."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optprimer.errors import UserError


@dataclass(frozen=True)
class Cost:
    """What all jobs of a rule took: wall-clock seconds of all and of the longest, and the largest resident memory of one."""

    jobs: int
    seconds: float
    longest: float
    memory_mb: float | None  # None where jobs were too short to be looked at


def costs(folder: Path) -> dict[str, Cost]:
    """Return the cost of every rule whose jobs have files under ``folder``: {rule}.tsv, or {rule}/….tsv, one a job.

    Raises:
        UserError: one is empty or damaged.
    """
    rows = [_row(path, folder) for path in sorted(folder.rglob("*.tsv"))]
    if not rows:
        return {}
    jobs = pd.DataFrame(rows).groupby("rule")
    return {rule: _cost(of_rule) for rule, of_rule in jobs}


def _row(path: Path, folder: Path) -> dict[str, str | float]:
    # One line a repetition, of which there is one. "-" and "NA" stand for what was not measured.
    rule = path.relative_to(folder).with_suffix("").parts[0]
    try:
        line = pd.read_csv(path, sep="\t", na_values=["-", "NA"]).iloc[-1]
        return {"rule": rule, "seconds": float(line["s"]), "memory": float(line["max_rss"])}
    except (OSError, LookupError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise UserError(f"{path}: not a benchmark of Snakemake ({' '.join(str(error).split())})") from None


def _cost(jobs: pd.DataFrame) -> Cost:
    memory = jobs["memory"].max()
    return Cost(
        jobs=len(jobs),
        seconds=round(jobs["seconds"].sum(), 2),
        longest=round(jobs["seconds"].max(), 2),
        memory_mb=None if pd.isna(memory) else round(memory, 1),
    )
