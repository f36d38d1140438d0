"""How the points of the landscapes are shared out to jobs: each takes a range of whole grid rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONTROL = "control"  # what tables call the surfaces of the networks that are controls


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
    """All landscape jobs of one network, or of a control, whose surfaces are on the common grid of every filter seed."""

    surfaces: dict[str, Family]
    line: Family
    curvature: Family
    control: Family

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
        seeds, common = _seeds(surfaces, "filter"), landscape["geometry_points"]
        return cls(
            surfaces,
            family("filter", line["seeds"], line["points"], 1, per_job),
            family("filter", [curvature["seed"]], curvature["points"], curvature["points"], curvature["points_per_job"]),
            family("filter", seeds, common, common, per_job),
        )

    @property
    def grids(self) -> dict[str, Family]:
        """The families of surfaces by the names that tables give them."""
        return self.surfaces | {CONTROL: self.control}

    def seeds(self, directions: str) -> str:
        """Return the direction seeds that surfaces need of one kind of directions, as the command line takes them."""
        return ",".join(map(str, _seeds(self.surfaces, directions)))


def _seeds(surfaces: Mapping[str, Family], directions: str) -> list[int]:
    return sorted({k for family in surfaces.values() if family.directions == directions for k in family.seeds})
