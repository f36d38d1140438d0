from pathlib import Path
from typing import NamedTuple

import pytest
from made_tables import write_results

from optprimer.config.load import load


class Run(NamedTuple):
    results: Path
    figures: Path
    config: dict


@pytest.fixture
def run(tmp_path):
    """A run with a table of each kind, two pictures, a page, the record of its data and the benchmark of a job."""
    results, figures = write_results(tmp_path / "results/my run"), tmp_path / "figures/my run"
    figures.mkdir(parents=True)
    for name in ("figure1.png", "figure1.html", "lines.svg"):
        (figures / name).write_text(name)
    (results / "data").mkdir()
    (results / "data/provenance.json").write_text('{"name": "digits-8", "source": "embedded", "digest": {"train": "abc"}}')
    (results / "benchmarks").mkdir()
    (results / "benchmarks/data.tsv").write_text("s\tmax_rss\n1.5\t300.0\n")
    return Run(results, figures, load())
