import re
from pathlib import Path

import pytest

from optprimer.errors import UserError
from optprimer.manifest.jobs import Cost, costs

RULES = Path(__file__).parents[2] / "workflow/rules"

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def test_jobs_of_a_rule_are_taken_together(tmp_path):
    jobs = {"data.tsv": (1.25, "310.5"), "memorize/0-35.tsv": (40.5, "900.0"), "memorize/36-71.tsv": (20.25, "1200.5")}
    for name, (seconds, memory) in jobs.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{HEAD}{seconds}\t0:00:01\t{memory}\t1\t1\t1\t0\t0\t90\t1\n")
    assert costs(tmp_path) == {"data": Cost(1, 1.25, 1.25, 310.5), "memorize": Cost(2, 60.75, 40.5, 1200.5)}


@pytest.mark.parametrize("nothing", ["-", "NA"])
def test_a_job_too_short_to_be_looked_at_has_no_memory(tmp_path, nothing):
    (tmp_path / "data.tsv").write_text(f"{HEAD}0.02\t0:00:00\t{nothing}\t-\t-\t-\t-\t-\t-\t-\n")
    assert costs(tmp_path) == {"data": Cost(1, 0.02, 0.02, None)}


def test_no_benchmarks_no_costs(tmp_path):
    assert costs(tmp_path / "none") == {}


def test_every_rule_writes_its_benchmark_under_its_own_name():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.smk")))
    rules = re.split(r"^rule (\w+):$", text, flags=re.MULTILINE)[1:]
    paths = {rule: re.search(r'"<benchmarks>/(\w+)', body) for rule, body in zip(rules[::2], rules[1::2], strict=True)}
    found = {rule: path[1] for rule, path in paths.items() if path}
    assert len(found) > 10
    assert found == {rule: rule for rule in found}


@pytest.mark.parametrize("content", ["", "s\tmax_rss\n", "s\tmax", "s\tmax_rss\nfast\t1\n"])
def test_a_damaged_benchmark_is_named_in_one_line(tmp_path, content):
    (tmp_path / "train.tsv").write_text(content)
    with pytest.raises(UserError, match=r"train\.tsv: not a benchmark of Snakemake") as refused:
        costs(tmp_path)
    assert "\n" not in str(refused.value)
