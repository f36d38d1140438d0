"""A wrong setting is refused in one line that names it, whichever it is and however it is wrong."""

import copy
import math
import re
from functools import reduce

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optprimer.config.load import load, merge
from optprimer.config.schema import SCALES, SCHEMA, read_schema
from optprimer.config.validate import check
from optprimer.errors import UserError

CONFIG = load()
OPEN_MAPS = [
    ("train", "networks"),
    ("landscape", "surfaces"),
    ("edge", "networks"),
    *(("batch", part) for part in ("networks", "ladders", "recipes")),
    *(("memorization", part) for part in ("networks", "regularizers", "studies")),
]


def message(config, schema_path=None):
    with pytest.raises(UserError) as caught:
        check(config, schema_path)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert len(text) < 600
    return text


def refused(**overrides):
    return message(merge(CONFIG, overrides))


def node_at(path):
    """The subschema of a key of config.yaml."""
    node = read_schema()
    for name in path:
        node = (
            node["properties"][name] if name in node.get("properties", {}) else next(iter(node["patternProperties"].values()))
        )
    return node


def paths(value, prefix=()):
    if isinstance(value, dict):
        for key, member in value.items():
            yield (*prefix, key)
            yield from paths(member, (*prefix, key))


def replaced(path, value):
    config = copy.deepcopy(CONFIG)
    reduce(lambda mapping, name: mapping[name], path[:-1], config)[path[-1]] = value
    return config


PATHS = list(paths(CONFIG))
LEAVES = [path for path in PATHS if not isinstance(reduce(lambda m, k: m[k], path, CONFIG), dict)]
MAPPINGS = [(), *[path for path in PATHS if path not in LEAVES]]
BOUNDED = [path for path in LEAVES if node_at(path).get("type") in ("integer", "number")]


def test_config_yaml_is_valid():
    check(CONFIG)


@pytest.mark.parametrize("scale", sorted(SCALES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scale_is_valid_and_keeps_its_name(scale):
    config = load(scale)
    check(config)
    assert config["run"] == scale.stem


def test_the_scales_are_the_four_of_the_documentation():
    assert {path.stem for path in SCALES.glob("*.yaml")} == {"smoke", "cifar10-quick", "cifar10", "paper"}


# --- any mutation of any key -------------------------------------------------------------------------------------------

WRONG = {
    "integer": st.one_of(st.none(), st.booleans(), st.text(), st.floats(), st.just([1]), st.just({"a": 1})),
    "number": st.one_of(st.none(), st.booleans(), st.text(), st.sampled_from([math.nan, math.inf, -math.inf]), st.just([])),
    "boolean": st.one_of(st.none(), st.integers(), st.text(), st.just([True])),
    "string": st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.just(["digits"]), st.just({})),
    "array": st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.just({0: 1}), st.lists(st.text(), min_size=1)),
    "anyOf": st.one_of(
        st.none(), st.booleans(), st.floats(), st.text().filter(lambda text: text not in ("full", "all")), st.just([128])
    ),
    "object": st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers())),
}


@settings(deadline=None)
@given(path=st.sampled_from(PATHS), data=st.data())
def test_a_wrong_type_is_refused(path, data):
    kind = node_at(path).get("type", "anyOf")
    wrong = st.integers() | st.just([]) | st.just({}) if path == ("data", "archive") else WRONG[kind]
    assert message(replaced(path, data.draw(wrong))).startswith(f"config: {'.'.join(path)}")


@settings(deadline=None)
@given(path=st.sampled_from(BOUNDED), data=st.data())
def test_a_number_out_of_range_is_refused_with_its_range(path, data):
    node = node_at(path)
    if "enum" in node:
        beyond = st.integers().filter(lambda value: value not in node["enum"])
    else:
        below = {"max_value": node["minimum"] - 1} if "minimum" in node else {"max_value": node["exclusiveMinimum"]}
        beyond = st.integers(**below) | st.integers(min_value=node.get("maximum", 0) + 1)
    value = data.draw(beyond)
    expected = f"config: {'.'.join(path)} = {value!r}: "
    text = message(replaced(path, value))
    assert text.startswith(expected) or len(expected) > 80
    bound = node.get("maximum", node.get("exclusiveMaximum", node.get("enum", [None])[-1]))
    assert str(bound) in text


@settings(deadline=None)
@given(path=st.sampled_from(MAPPINGS), key=st.text(max_size=8), value=st.integers() | st.text() | st.none())
def test_an_unknown_key_is_refused(path, key, value):
    assume(key not in reduce(lambda mapping, name: mapping[name], path, CONFIG))
    if path in OPEN_MAPS:
        assume(not re.fullmatch("[a-z][a-z0-9_.]*", key))
    shown = key if key.isprintable() else repr(key)
    assert message(replaced((*path, key), value)).startswith("config: " + ".".join(filter(None, [*path, shown])) + " = ")


@settings(deadline=None)
@given(
    path=st.sampled_from(
        [
            path
            for path in PATHS
            if path[:-1] not in [*OPEN_MAPS, ("sharpness", "networks")] and path[:2] != ("batch", "recipes")
        ]
    )
)
def test_a_missing_key_is_refused(path):
    config = copy.deepcopy(CONFIG)
    del reduce(lambda mapping, name: mapping[name], path[:-1], config)[path[-1]]
    assert message(config).startswith(f"config: {'.'.join(path)} is missing: ")


# --- the words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"device": "gpu"}, "config: device = 'gpu': one of auto, cpu, cuda"),
        ({"seed": -1}, "config: seed = -1: an integer >= 0 and <= 2147483647"),
        ({"train": {"batch_size": 0}}, "config: train.batch_size = 0: an integer >= 1 or full"),
        ({"train": {"milestones": [0.5, 1.0]}}, "config: train.milestones[1] = 1.0: a number > 0 and < 1"),
        ({"train": {"flip": "true"}}, "config: train.flip = 'true': true or false"),
        (
            {"train": {"networks": {"resnet56": {"epochs": "3"}}}},
            "config: train.networks.resnet56.epochs = '3': an integer >= 1 and <= 100000",
        ),
        ({"landscape": {"line": {"points": 40}}}, "config: landscape.line.points = 40: an odd integer >= 3 and <= 10001"),
        (
            {"landscape": {"crosscheck": {"points": 7}}},
            "config: landscape.crosscheck.points = 7: an even integer >= 2 and <= 50",
        ),
        (
            {"landscape": {"line": {"seeds": [0, 0]}}},
            "config: landscape.line.seeds = [0, 0]: a list, not empty, without repeats, each entry an integer >= 0"
            " and <= 2147483647",
        ),
        (
            {"landscape": {"line": {"point": 41}}},
            "config: landscape.line.point = 41: unknown key, allowed here: seeds, points; did you mean 'points'?",
        ),
    ],
)
def test_the_line_is_exactly(overrides, text):
    assert refused(**overrides) == text


def test_a_key_of_another_level_is_pointed_out():
    assert refused(milestones=[0.5]).endswith("; did you mean 'train.milestones'?")
    places = "'train.networks.{name}.epochs' or 'memorization.networks.{name}.epochs' or 'batch.recipes.{name}.epochs'"
    places += " or 'sharpness.epochs'"
    assert refused(epochs=3).endswith(f"; did you mean {places}?")
    assert refused(batch_size=64).endswith("; did you mean 'batch'?")  # of this level, so those below are not named
    assert "did you mean" not in refused(zzz=1)


def test_a_misspelt_key_is_called_unknown_before_its_proper_name_is_called_missing(tmp_path):
    config = copy.deepcopy(CONFIG)
    config["train"]["flipp"] = config["train"].pop("flip")
    assert message(config).startswith("config: train.flipp = False: unknown key")
    # ... whichever of the two keywords the schema names first
    schema = read_schema()
    schema["properties"]["train"] = dict(reversed(schema["properties"]["train"].items()))
    (tmp_path / "schema.yaml").write_text(yaml.safe_dump(schema, sort_keys=False))
    assert message(config, tmp_path / "schema.yaml").startswith("config: train.flipp = False: unknown key")


@pytest.mark.parametrize("name", ["ResNet", "1net", "a b", "a/b", "", "a\n", 56, None])
def test_a_network_needs_a_proper_name(name):
    entry = CONFIG["train"]["networks"]["resnet56"]
    assert "lowercase letters" in refused(train={"networks": {name: entry}})


@pytest.mark.parametrize("part", ["networks", "regularizers", "studies"])
@pytest.mark.parametrize("name", ["MLP", "1x512", "mlp-1x512", "a/b", "a\n"])
def test_names_of_memorization_are_safe_in_file_names(part, name):
    entry = next(iter(CONFIG["memorization"][part].values()))
    assert "lowercase letters" in refused(memorization={part: {name: entry}})


def test_softmax_regression_has_no_recipe():
    entry = CONFIG["memorization"]["networks"]["mlp_1x8"]
    assert refused(memorization={"networks": {"linear": entry}}).startswith("config: memorization.networks.linear = ")
    check(merge(CONFIG, {"memorization": {"networks": {"linear2": entry}}}))


@pytest.mark.parametrize("run", ["", ".", "..", ".x", "a/b", "a\\b", "a b", "a\n", "x.", "reference", "x" * 65, "é", 7])
def test_a_run_is_a_safe_folder_name(run):
    assert refused(run=run).startswith("config: run = ")


@pytest.mark.parametrize("run", ["digits", "cifar10-quick", "seed7", "a.b_c-1", "reference2", "X", "x" * 64])
def test_ordinary_run_names_are_fine(run):
    check({**CONFIG, "run": run})


@pytest.mark.parametrize("map_path", OPEN_MAPS)
def test_a_map_needs_an_entry(map_path):
    text = message(replaced(map_path, {}))
    assert text.startswith(f"config: {'.'.join(map_path)} = {{}}: ")
    assert "name" in text


def test_a_long_value_is_cut():
    assert "..." in refused(device="x" * 10_000)


def test_another_schema_can_be_given(tmp_path):
    copy_of_schema = tmp_path / "schema.yaml"
    copy_of_schema.write_text(SCHEMA.read_text(encoding="utf-8").replace("[auto, cpu, cuda]", "[auto, cpu, cuda, tpu]"))
    check({**CONFIG, "device": "tpu"}, copy_of_schema)
