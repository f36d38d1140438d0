import copy
import json

import pytest
from made_tables import write_results

from optprimer.compare.manifests import described, read_manifest, setting
from optprimer.config.load import load, merge
from optprimer.errors import UserError
from optprimer.manifest import outputs
from optprimer.manifest.manifest import manifest


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    results = write_results(tmp_path_factory.mktemp("run"))
    return json.loads(json.dumps(manifest(load(), results, outputs.tables(results), {})))


def with_change(record, change):
    return merge(copy.deepcopy(record), change)


def test_a_manifest_is_the_same_as_itself(record):
    found = setting(record, record)
    assert found.equal
    assert described(found) == ["settings: the same", "versions: the same", "machine: the same"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"config": {"train": {"momentum": 0.5}}}, "settings: other: train.momentum 0.9 there, 0.5 here"),
        ({"packages": {"torch": "1.0"}}, "versions: other: packages.torch"),
        ({"python": "3.0"}, "versions: other: python"),
        ({"code": {"digest": "0"}}, "versions: other: code.digest"),
        ({"machine": {"cpu": "abacus"}}, "machine: other: machine.cpu"),
        ({"precision": {"used": ["fp32"]}}, "machine: other: precision.used"),
        ({"data": {"name": "digits-4", "digest": {"train": "0"}}}, "settings: other: data.name None there, digits-4 here"),
    ],
)
def test_what_bytes_depend_on_is_told(record, change, line):
    found = setting(record, with_change(record, change))
    assert not found.equal
    assert next(each for each in described(found) if not each.endswith(": the same")).startswith(line)


@pytest.mark.parametrize(
    "change",
    [
        {"measured": {"finished": "tomorrow"}},
        {"config": {"run": "another"}, "run": "another"},
        {"config": {"data": {"archive": "elsewhere.zip"}}},
        {"code": {"commit": "0", "dirty": True}},
        {"machine": {"cores": 999, "memory_gb": 1, "release": "newer"}},
    ],
)
def test_what_bytes_do_not_depend_on_is_passed_over(record, change):
    assert setting(record, with_change(record, change)).equal


def test_many_differences_are_counted(record):
    change = {"packages": dict.fromkeys(record["packages"], "0")}
    (line,) = [each for each in described(setting(record, with_change(record, change))) if "other" in each]
    assert line.count(" there, ") == 5
    assert line.endswith(f"; and {len(record['packages']) - 5} more")


def test_without_both_manifests_nothing_is_known(record):
    for found in (setting(None, record), setting(record, None)):
        assert not found.equal
        assert "not known" in described(found)[0]


def test_a_folder_may_have_none(tmp_path):
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"config": 1}'])
def test_a_damaged_manifest_is_one_line(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest\.json: a damaged manifest") as refused:
        read_manifest(tmp_path)
    assert "\n" not in str(refused.value)
