"""Scale files are laid over config.yaml as Snakemake lays them; files that are no settings are named."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optprimer.config.load import load, merge, read_yaml
from optprimer.errors import UserError

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=3)
# No empty mappings: over a scalar Snakemake ignores one, which would hide a mistake.
MAPPINGS = st.recursive(
    st.dictionaries(st.sampled_from("abc"), SCALARS, min_size=1),
    lambda inner: st.dictionaries(st.sampled_from("abc"), SCALARS | inner, min_size=1),
    max_leaves=8,
)


@settings(deadline=None)
@given(base=MAPPINGS, over=MAPPINGS)
def test_merge_is_snakemakes(base, over):
    from snakemake.utils import update_config

    before = copy.deepcopy((base, over))
    merged = merge(base, over)
    assert (base, over) == before
    update_config(base, over)
    assert merged == base


def test_mappings_merge_and_lists_are_replaced(tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("train: {milestones: [0.3], decay: 0.2}\n")
    second.write_text("train: {decay: 0.5, networks: {small: {depth: 20, skips: true, epochs: 2, learning_rate: 0.1}}}\n")
    config = load(first, second)
    assert config["train"]["milestones"] == [0.3]
    assert config["train"]["decay"] == 0.5
    assert list(config["train"]["networks"]) == ["resnet56", "resnet56_noskip", "resnet56_again", "small"]
    assert config["landscape"] == load()["landscape"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"run: x\nseed: [1, 2\ndevice: cpu\n", r"bad\.yaml, line 3: not valid YAML: "),
        (b"run: x\n\tseed: 1\n", r"bad\.yaml, line 2: not valid YAML: "),
        (b"run: *nowhere\n", r"bad\.yaml, line 1: not valid YAML: "),
        (b"run: !!python/object:os.system x\n", r"bad\.yaml, line 1: not valid YAML: "),
        (b"run: \x00\n", r"bad\.yaml: not valid YAML: "),
        (b"run: 2026-02-31\n", r"bad\.yaml: not valid YAML: "),
        (b"run: \xff\xfe\n", r"bad\.yaml: not a text file in UTF-8"),
        (b"", r"bad\.yaml: settings are a mapping"),
        (b"- run\n", r"bad\.yaml: settings are a mapping"),
    ],
)
def test_a_file_that_is_no_settings_is_named_in_one_line(tmp_path, content, reason):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as caught:
        read_yaml(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yaml: No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="Is a directory"):
        load(tmp_path)
