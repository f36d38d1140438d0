import os
import platform

import pytest

from optprimer.config.digest import config_digest
from optprimer.config.load import merge
from optprimer.manifest import outputs
from optprimer.manifest.identity import run_digest, versions
from optprimer.manifest.manifest import manifest


@pytest.fixture
def record(run):
    def made(**change):
        tables, figures = outputs.tables(run.results), outputs.figures(run.figures)
        return manifest(merge(run.config, change), run.results, tables, figures)

    return made


def test_it_says_what_was_asked_for(record, run):
    found = record()
    assert {key: found[key] for key in ("run", "scale", "seed", "threads", "config")} == {
        **{key: run.config[key] for key in ("run", "scale", "seed", "threads")},
        "config": run.config,
    }
    assert found["config_digest"] == config_digest(run.config)
    assert found["run_digest"] == run_digest(run.config)
    assert found["packages"] == versions()
    assert found["python"] == platform.python_version()


def test_it_says_what_was_made_from_what_and_at_which_cost(record):
    found = record()
    assert found["tables"]["rates/pl"]["rows"] == 8
    assert set(found["figures"]) == {"figure1.png", "figure1.html", "lines.svg"}
    assert found["data"] == {"name": "digits-8", "source": "embedded", "digest": {"train": "abc"}}
    assert found["measured"]["rules"] == {"data": {"jobs": 1, "seconds": 1.5, "longest": 1.5, "memory_mb": 300.0}}


def test_device_and_precision_are_there_as_set_and_as_used(record):
    found = record(device="cpu", precision="bf16")
    assert found["device"] == {"set": "cpu", "used": "cpu"}
    assert found["precision"] == {"set": "bf16", "used": ["precision0", "precision1"]}  # those that the tables name


def test_a_run_without_prepared_data_or_benchmarks_has_a_manifest_too(record, run):
    (run.results / "data/provenance.json").unlink()
    (run.results / "benchmarks/data.tsv").unlink()
    found = record()
    assert found["data"] is None
    assert found["measured"]["rules"] == {}


def test_equal_inputs_give_an_equal_record_but_for_what_is_measured(record, run):
    first = record()
    os.utime(run.results / "rates/pl.csv", (4e9, 4e9))
    (run.results / "benchmarks/data.tsv").write_text("s\tmax_rss\n9.0\t400.0\n")
    second = record()
    assert first.pop("measured") != second.pop("measured")
    assert first == second


def test_another_byte_in_a_table_is_another_record(record, run):
    first = record()
    path = run.results / "rates/pl.csv"
    path.write_text(path.read_text().replace("problem0", "problem9"))
    second = record()
    assert {name for name in first["tables"] if first["tables"][name] != second["tables"][name]} == {"rates/pl"}
