"""Settings mutated at random, several keys at once: refused in one line, or such that the whole plan can be carried out.

The oracle does not ask the checks: it lays the grids, deals the images and shares out the runs as the jobs do.
"""

import copy
import math
from functools import cache, reduce

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optprimer.batch.plan import jobs as batch_jobs
from optprimer.batch.plan import runs as batch_runs
from optprimer.config.load import load
from optprimer.config.schema import SCALES, read_schema
from optprimer.config.validate import check
from optprimer.data.digits import read as read_digits
from optprimer.edge.plan import jobs as edge_jobs
from optprimer.edge.plan import runs as edge_runs
from optprimer.errors import UserError
from optprimer.landscape.jobs import Jobs
from optprimer.memorization.plan import jobs as memorization_jobs
from optprimer.memorization.plan import runs as memorization_runs
from optprimer.sharpness.settings import jobs as sharpness_jobs

CONFIGS = {"config": load()} | {path.stem: load(path) for path in SCALES.glob("*.yaml")}
PER_CLASS = {"digits": np.bincount(read_digits().train.labels), "cifar10": np.full(10, 5000)}
TEST_PER_CLASS = {"digits": np.bincount(read_digits().test.labels), "cifar10": np.full(10, 1000)}
MANY = 20_000  # runs or checkpoints beyond which the oracle does not count one by one


def leaves(value, prefix=()):
    for key, member in value.items():
        if isinstance(member, dict):
            yield from leaves(member, (*prefix, key))
        else:
            yield (*prefix, key)


def node_at(path):
    node = read()
    for name in path:
        node = node.get("properties", {}).get(name) or next(iter(node["patternProperties"].values()))
    return node


@cache
def read():
    return read_schema()


def valid_alone(node, old):
    """Draw a value that the schema allows for a key by itself, most often near its ends or its old value."""
    if "anyOf" in node:
        return st.one_of(*(valid_alone(choice, old) for choice in node["anyOf"]))
    if "enum" in node:
        return st.sampled_from(node["enum"])
    match node["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            low, high = node.get("minimum", 0), node.get("maximum", 10**9)
            near = [old - 1, old, old + 1, 2 * old, old // 2] if isinstance(old, int) else []
            near += [low, low + 1, low + 2, high, high - 1, 4, 8, 13, 16, 359, 360, 361, 1437, 1438, 50_000]
            odd, even = "multipleOf" in node.get("not", {}), "multipleOf" in node
            fits = [n for n in near if low <= n <= high and not (odd and n % 2 == 0) and not (even and n % 2)]
            return st.sampled_from([n for n in fits if node.get("not", {}).get("const") != n])
        case "number":
            ends = [node.get(key) for key in ("minimum", "maximum")] + [old, 0.1, 0.5, 0.9, 1e-300]
            allowed = [x for x in ends if isinstance(x, float | int) and _in_range(x, node)]
            return st.sampled_from(allowed)
        case "array":
            items = node["items"]
            entries = st.sampled_from([*(old or []), "nothing"]) if items["type"] == "string" else valid_alone(items, 3)
            return st.lists(entries, min_size=node.get("minItems", 0), max_size=4, unique=node.get("uniqueItems", False))
        case _:
            return st.sampled_from([old, "nothing"])


def _in_range(x, node):
    return node.get("minimum", -math.inf) <= x <= node.get("maximum", math.inf) and node.get(
        "exclusiveMinimum", -math.inf
    ) < x < node.get("exclusiveMaximum", math.inf)


@st.composite
def mutated(draw):
    config = copy.deepcopy(CONFIGS[draw(st.sampled_from(sorted(CONFIGS)))])
    for path in draw(st.lists(st.sampled_from(sorted(leaves(config))), min_size=1, max_size=3, unique=True)):
        parent = reduce(lambda mapping, name: mapping[name], path[:-1], config)
        parent[path[-1]] = draw(valid_alone(node_at(path), parent[path[-1]]))
    return config


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_several_mutations_at_once_are_refused_in_one_line_or_can_be_carried_out(config):
    try:
        check(config)
    except UserError as error:
        text = str(error)
        assert len(text.splitlines()) == 1
        assert text.startswith("config: ")
        key = text.removeprefix("config: ").split(" = ")[0].split(" is missing")[0].partition("[")[0]
        path = key.split(".")
        if path[:2] == ["batch", "recipes"]:
            del path[3:]  # what a recipe does not say itself it has from the one that it is like
        assert reduce(lambda node, name: node.get(name) if isinstance(node, dict) else None, path, config) is not None
    else:
        carried_out(config)


def carried_out(config):
    grids_are_laid(config)
    images_are_dealt(config)
    runs_are_shared_out(config)
    steps_can_be_taken(config)


def grids_are_laid(config):
    landscape, networks = config["landscape"], config["train"]["networks"]
    plan = Jobs.plan(landscape)
    drawn = {}
    for family in plan.surfaces.values():
        drawn.setdefault(family.directions, set()).update(family.seeds)
    assert {*plan.line.seeds, *plan.curvature.seeds, landscape["crosscheck"]["seed"]} <= drawn["filter"]
    assert "pca" in drawn
    assert {"layer", "none"} & drawn.keys()
    common = np.linspace(-landscape["range"], landscape["range"], landscape["geometry_points"])
    for family in [*plan.grids.values(), plan.line, plan.curvature]:
        axis = np.linspace(-landscape["range"], landscape["range"], family.points)
        assert np.abs(axis).min() < 1e-9 * landscape["range"]  # the trained weights are on every grid
        rows = [row for first, last in family.ranges() for row in range(first, last + 1)]
        assert rows == list(range(family.rows))
        if family in plan.grids.values() and family.directions != "pca" and len(axis) > len(common):
            assert np.isclose(common[:, None], axis, atol=1e-9 * landscape["range"]).any(1).all()
    names = [f"{network}_{surface}" for network in networks for surface in plan.grids]
    assert len({*names}) == len(names)
    assert all(len(name) < 200 for name in names)
    for network in networks.values():
        assert len({0, network["epochs"], *range(0, min(network["epochs"], MANY) + 1, config["train"]["checkpoint_every"])}) > 2


def images_are_dealt(config):
    dataset = config["data"]["dataset"]
    train, test = PER_CLASS[dataset], TEST_PER_CLASS[dataset]
    asked = {"train": config["landscape"]["images"], "rates": config["rates"]["images"], "edge": config["edge"]["images"]}
    assert all(number <= train.sum() for number in asked.values())
    assert config["landscape"]["test_images"] <= test.sum()
    for section in ("memorization", "batch", "sharpness"):
        chosen = config[section]
        folds, every = chosen["folds"], np.arange((train + test).sum())
        for fold in range(folds):
            tested = len(every[fold::folds])
            assert tested >= 1
            assert chosen["images"] == "all" or chosen["images"] <= len(every) - tested
            assert chosen["test_images"] == "all" or chosen["test_images"] <= tested
        if not folds:
            assert chosen["images"] == "all" or chosen["images"] <= train.sum()
            assert chosen["test_images"] == "all" or chosen["test_images"] <= test.sum()


def runs_are_shared_out(config):
    if config["batch"]["claim_seeds"] * config["batch"]["searches"] < MANY:
        runs = batch_runs(config["batch"])
        rows = [row for stage in ("search", "train") for pair in batch_jobs(config["batch"], stage) for row in span(pair)]
        assert sorted(rows) == list(range(len(runs)))
        assert any(run.stage == "train" for run in runs)
        names = {(run.network, run.recipe) for run in runs}
        assert all((run.network, run.against) in names for run in runs if run.stage == "train")
    for section, runs, jobs in (
        ("memorization", memorization_runs, memorization_jobs),
        ("edge", edge_runs, edge_jobs),
    ):
        rows = [row for pair in jobs(config[section]) for row in span(pair)]
        assert rows == list(range(len(runs(config[section]))))
        assert rows
    assert [row for pair in sharpness_jobs(config["sharpness"]) for row in span(pair)] == [*range(config["sharpness"]["seeds"])]


def span(pair):
    return range(pair[0], pair[1] + 1)


def steps_can_be_taken(config):
    """No batch is larger than what there is of images, none is of one image where batch norm has 1 x 1 maps, shifts fit."""
    side, dataset = config["data"]["image_size"], config["data"]["dataset"]
    count = int(PER_CLASS[dataset].sum())
    train = config["train"]
    assert train["batch_size"] == "full" or train["batch_size"] <= count
    assert train["crop_padding"] < side
    assert train["schedule"] != "step" or train["milestones"]
    if side == 4:
        assert 1 not in blocks(count, train["batch_size"], 512)
    for network in config["memorization"]["networks"].values():
        images = config["memorization"]["images"]
        if images != "all":
            assert network["batch_size"] <= images
            if side == 4 and network["architecture"] == "inception":
                assert 1 not in blocks(images, network["batch_size"], 512)


def blocks(count, size, block):
    order = np.arange(count)
    size = count if size == "full" else size
    return {
        len(order[i : i + size][j : j + block]) for i in range(0, count, size) for j in range(0, min(size, count - i), block)
    }
