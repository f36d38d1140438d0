"""The schema is itself sound, complete, and says what config.yaml says."""

from functools import reduce

import pytest
from jsonschema import Draft202012Validator

from optprimer.config.load import load
from optprimer.config.schema import SCHEMA, allowed, read_schema, walk
from optprimer.errors import UserError

KEYS = list(walk(read_schema()))


def test_the_schema_is_a_valid_2020_12_schema():
    Draft202012Validator.check_schema(read_schema())


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.dotted)
def test_every_key_is_described(key):
    assert key.node["description"].endswith(".")


@pytest.mark.parametrize("key", [key for key in KEYS if key.node.get("type") != "object"], ids=lambda key: key.dotted)
def test_the_default_is_the_value_of_config_yaml(key):
    if "{name}" in key.path:
        assert "default" not in key.node
    else:
        value = reduce(lambda config, name: config[name], key.path, load())
        assert (key.node["default"], type(key.node["default"])) == (value, type(value))


def test_every_mapping_is_closed_and_requires_all_its_keys():
    def mappings(node):
        if node.get("type") == "object":
            yield node
        for child in [*node.get("properties", {}).values(), *node.get("patternProperties", {}).values()]:
            yield from mappings(child)

    found = list(mappings(read_schema()))
    assert len(found) == 33
    for node in found:
        assert node["additionalProperties"] is False
    deltas = [node for node in found if "like" in node.get("properties", {})]  # they say what differs, and require nothing
    for node in deltas:
        assert node["required"] == []
    assert len(deltas) == 1
    for node in found:
        assert node in deltas or node.get("required", []) == list(node.get("properties", {}))


def test_snakemake_validates_the_same_schema_and_finds_nothing_to_fill_in():
    from snakemake.utils import validate

    config = load()
    validate(config, str(SCHEMA))
    assert config == load()


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 9, "not": {"multipleOf": 2}}, "an odd integer >= 3 and <= 9"),
        ({"type": "integer", "minimum": 2, "multipleOf": 2}, "an even integer >= 2"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "a number > 0 and < 1"),
        ({"type": "number"}, "a number"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "string", "enum": ["a", "b"]}, "one of a, b"),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "enum": ["full"]}]}, "an integer >= 1 or full"),
        ({"type": "array", "minItems": 1, "items": {"type": "number"}}, "a list, not empty, each entry a number"),
        ({"type": "string", "title": "null or a path"}, "null or a path"),
    ],
)
def test_ranges_in_words(node, words):
    assert allowed(node) == words


def test_a_missing_schema_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.yaml: no such schema"):
        read_schema(tmp_path / "nowhere.yaml")
