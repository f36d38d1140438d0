"""The workflow on a real Slurm of one node, through the committed profile; jobs and node are disturbed, bytes are not."""

import signal

import pytest
import yaml
from running import ROOT
from slurm_cluster import until
from slurm_driver import RUNS, SHORT, SURFACES, TRAINED, Driver
from test_slurm_profile import site_block


def same_bytes(folder, undisturbed, files):
    return all((folder / name).read_bytes() == (undisturbed / name).read_bytes() for name in files)


def rule_of(job):
    """The rule of a job, or the name of its group."""
    return job["Comment"].split("_wildcards_")[0].removeprefix("rule_")


def kept(folder):
    """The checkpoints of training that are on disk, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "results/tiny/.state/train/resnet56").glob("epoch_*")}


def trains_on(cluster, folder, before, epochs=1):
    """The process of training, once it has written so many checkpoints that are not among ``before``."""
    until(lambda: len(kept(folder).items() - before.items()) >= epochs, "training goes on")
    return cluster.processes("optprimer train")[-1]


@pytest.fixture
def drained(cluster):
    """No job starts before ``drained`` is called, or the test ends."""

    def give_back():
        cluster.set_node(State="RESUME")

    cluster.set_node(State="DRAIN", Reason="a_test")
    yield give_back
    give_back()


def test_a_run_through_slurm_ends_in_the_bytes_of_a_run_without(cluster, undisturbed, tmp_path):
    with Driver(cluster, tmp_path / "run", targets=[*TRAINED, *SHORT, *SURFACES, *RUNS, "figure_lines"]) as driver:
        driver.finish()
    assert same_bytes(tmp_path / "run", undisturbed, [*TRAINED, *SHORT, *SURFACES, *RUNS])
    assert (tmp_path / "run/figures/tiny/lines.png").stat().st_size > 5000
    rules = {rule_of(job) for job in driver.jobs("completed")}
    groups = {"directions_directions", "memorization_memorize"}
    assert rules == {"train", "line_rows", "surface_rows"} | groups  # data, plan, collect and figure were local


def test_two_families_wait_for_a_drained_node_and_then_run_side_by_side(cluster, undisturbed, copy, drained):
    arguments = ["--slurm-array-jobs", "surface_rows", "--forcerun", "surface_rows", "memorize"]
    with Driver(cluster, copy, *arguments, targets=[*SURFACES, *RUNS]) as driver:
        waiting = until(lambda: len(found := driver.jobs("pending")) == 3 and found, "all are submitted")
        assert [rule_of(job) for job in waiting].count("surface_rows") == 2
        assert len({job.get("ArrayJobId") for job in waiting if rule_of(job) == "surface_rows"}) == 1
        assert not driver.jobs("running")
        drained()
        driver.finish()
    assert same_bytes(copy, undisturbed, [*SURFACES, *RUNS])


def test_training_goes_on_after_scancel_kill_9_and_a_requeue(cluster, undisturbed, copy):
    with Driver(cluster, copy, "--forcerun", "train", targets=TRAINED) as driver:
        trains_on(cluster, copy, before={}, epochs=5)
        (job,) = driver.jobs("running")
        cluster.run("scancel", job["JobId"])
        until(lambda: not cluster.processes("optprimer train"), "the job is gone")
        first = kept(copy)

        trains_on(cluster, copy, first).send_signal(signal.SIGKILL)
        until(lambda: not cluster.processes("optprimer train"), "the job is gone")

        trains_on(cluster, copy, kept(copy))
        (job,) = driver.jobs("running")
        cluster.run("scontrol", "requeue", job["JobId"])
        driver.finish()
    last = kept(copy)
    assert {name: last[name] for name in first} == first  # nothing was trained twice that was saved when scancel came
    assert same_bytes(copy, undisturbed, TRAINED)
    assert driver.said().count("Trying to restart") == 2


def test_a_job_that_reaches_its_time_limit_comes_again_with_a_longer_one(cluster, undisturbed, copy):
    arguments = ["--forcerun", "train", "--set-resources", "train:runtime=attempt"]
    with Driver(cluster, copy, *arguments, targets=SHORT) as driver:
        (process,) = until(lambda: cluster.processes("optprimer train")[-1:], "training has started")
        process.suspend()  # as if its file system hung
        (late,) = until(lambda: driver.jobs("timeout"), "the limit of a minute is reached")
        driver.finish()
    again = driver.jobs("completed")[-1]
    assert (late["TimeLimit"], again["TimeLimit"]) == ("00:01:00", "00:02:00")
    assert (memory_of(late), memory_of(again)) == ("mem=4000M", "mem=8000M")
    assert same_bytes(copy, undisturbed, SHORT)


def test_jobs_ask_for_what_rules_and_profile_say(cluster, copy, drained, tmp_path):
    profile = tmp_path / "profile"
    profile.mkdir()
    settings = site_block(ROOT / "profiles/slurm/config.yaml")
    del settings["default-resources"]["slurm_account"]  # there are no accounts without an accounting database
    whole = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8")) | settings
    (profile / "config.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    scale = tmp_path / "gpu.yaml"
    scale.write_text("device: cuda\n", encoding="utf-8")
    targets = [*TRAINED, *RUNS, "results/tiny/rates/saddles/curves.csv"]
    arguments = ["--forcerun", "train", "memorize"]
    with Driver(cluster, copy, *arguments, targets=targets, configfiles=[scale], profile=profile) as driver:
        waiting = until(lambda: len(found := driver.jobs("pending")) == 3 and found, "all are submitted")
        driver.stop()
    asked = {rule_of(job): asked_for(job) for job in waiting}
    gpu = "gres:gpu:a100:1"
    assert asked["train"] == ("gpu", "04:00:00", "1", "mem=4000M", gpu)
    assert asked["memorization_memorize"] == ("gpu", "02:00:00", "1", "mem=8000M", gpu)  # runs of an hour, one after the other
    assert asked["rates"] == ("cpu", "02:00:00", "1", "mem=3000M", None)
    assert not driver.jobs("pending")  # Ctrl-C has taken them back


def asked_for(job):
    """Partition, time, cores, memory and GPUs."""
    return job["Partition"], job["TimeLimit"], job["NumCPUs"], memory_of(job), job.get("TresPerJob")


def memory_of(job):
    (memory,) = [part for part in job["TRES"].split(",") if part.startswith("mem=")]
    return memory
