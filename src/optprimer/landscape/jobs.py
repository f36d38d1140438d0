"""How the points of the landscapes are shared out to jobs: each takes a range of whole grid rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Family:
    """Square grids of one kind, one per direction seed; rows are numbered through the seeds."""

    directions: str
    seeds: tuple[int, ...]
    points: int
    rows: int
    rows_per_job: int

    def ranges(self) -> list[tuple[int, int]]:
        """Return the first and last row of each job."""
        return [(r, min(r + self.rows_per_job, self.rows) - 1) for r in range(0, self.rows, self.rows_per_job)]

    @property
    def seed_list(self) -> str:
        """The direction seeds as the command line takes them."""
        return ",".join(map(str, self.seeds))


@dataclass(frozen=True)
class Jobs:
    """All landscape jobs of one network."""

    surfaces: dict[str, Family]
    line: Family
    curvature: Family

    @classmethod
    def plan(cls, landscape: Mapping[str, Any]) -> "Jobs":
        """Plan the jobs of the ``landscape`` section of a (checked) config."""

        def family(directions: str, seeds: list[int], points: int, rows_per_seed: int, points_per_job: int) -> Family:
            rows = rows_per_seed * len(seeds)
            return Family(directions, tuple(seeds), points, rows, max(1, points_per_job // points))

        per_job = landscape["points_per_job"]
        surfaces = {
            name: family(s["directions"], s["seeds"], s["points"], s["points"], per_job)
            for name, s in sorted(landscape["surfaces"].items())
        }
        line, curvature = landscape["line"], landscape["curvature"]
        return cls(
            surfaces,
            family("filter", line["seeds"], line["points"], 1, per_job),
            family("filter", [curvature["seed"]], curvature["points"], curvature["points"], curvature["points_per_job"]),
        )

    def seeds(self, directions: str) -> str:
        """Return the direction seeds that surfaces need of one kind of directions, as the command line takes them."""
        return ",".join(map(str, sorted({k for f in self.surfaces.values() if f.directions == directions for k in f.seeds})))
