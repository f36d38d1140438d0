"""The profile for Slurm: it is found by its name, and asks for all that the rules need. No Slurm is needed here."""

import re

import pytest
import yaml
from running import ROOT, run_snakemake

PROFILES = ROOT / "workflow/profiles"
RULES = {
    name: body
    for path in (ROOT / "workflow/rules").glob("*.smk")
    for name, body in re.findall(r"^rule (\w+):\n((?:(?:[ ]+.*)?\n)+)", path.read_text(encoding="utf-8"), re.M)
}
SUBMITTED = {name: body for name, body in RULES.items() if "localrule: True" not in body}


def site_block(path):
    """What the site's block of the profile sets, once its lines are no comments any more."""
    block = re.search(r"^#default-resources:.*?\n(?=\n)", path.read_text(encoding="utf-8"), re.M | re.S).group()
    return yaml.safe_load(re.sub(r"^#", "", block, flags=re.M))


def defined(source):
    """What a piece of a rule file defines."""
    namespace = {}
    exec(compile(source, "common.smk", "exec"), namespace)  # our own code, not a user's text
    return namespace


@pytest.fixture(scope="module")
def profile():
    return yaml.safe_load((PROFILES / "slurm/config.yaml").read_text(encoding="utf-8"))


def test_it_is_found_by_its_name(tmp_path):
    done = run_snakemake(tmp_path, "--workflow-profile", "slurm", "--dry-run", "--quiet", "rules")
    assert done.returncode == 0
    assert "Using workflow specific profile" in done.stderr
    assert "profiles/slurm" in done.stderr


@pytest.mark.parametrize("rule", SUBMITTED)
def test_a_rule_that_is_submitted_asks_for_memory_and_time_that_grow(rule):
    assert re.search(r"mem_mb=memory\(\d+\)", SUBMITTED[rule])
    assert re.search(r"runtime=minutes\(\d+\)", SUBMITTED[rule])


@pytest.mark.parametrize("resource", ["memory", "minutes"])
def test_what_is_asked_for_grows_with_the_attempt(resource):
    text = (ROOT / "workflow/rules/common.smk").read_text(encoding="utf-8")
    namespace = defined(re.search(rf"^def {resource}\(.*\n(?:[ ]+.*\n)+", text, re.M).group())
    assert [namespace[resource](30)(None, attempt) for attempt in (1, 2, 3)] == [30, 60, 90]


def test_what_needs_the_network_or_takes_a_moment_is_local():
    assert {"data", "collect", "geometry", "figure", "judge", "page", "manifest"} <= set(RULES) - set(SUBMITTED)


def test_the_block_of_the_site_names_every_rule_with_a_gpu(profile):
    block = site_block(PROFILES / "slurm/config.yaml")
    assert set(block["set-resources"]) == {name for name, body in RULES.items() if "gpu=GPU" in body}
    assert not set(block) & set(profile)  # as committed, the site's own defaults are taken


def test_groups_are_of_rules_that_are_submitted(profile):
    assert set(profile["groups"]) <= set(SUBMITTED)
    assert set(profile["group-components"]) == set(profile["groups"].values())
    # Without both, a group of jobs with a GPU each would ask for as many GPUs.
    assert (profile["resources"], profile["set-resource-scopes"]) == ({"gpu": 1}, {"gpu": "local"})


def test_it_has_what_the_default_profile_has_but_for_the_logger(profile):
    default = yaml.safe_load((PROFILES / "default/config.yaml").read_text(encoding="utf-8"))
    assert {key: profile[key] for key in default if key != "logger"} == {k: v for k, v in default.items() if k != "logger"}
