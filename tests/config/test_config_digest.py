"""The digest names the settings, not the run."""

import re
from collections import OrderedDict

import pytest

from optprimer.config.digest import config_digest
from optprimer.config.load import load, merge


def test_twelve_hexadecimal_digits_of_a_known_text():
    # sha256 of {"b":1,"c":[2.5,null]} by coreutils' sha256sum
    assert config_digest({"run": "x", "c": [2.5, None], "b": 1}) == "7eaf9a89c41c"
    assert re.fullmatch("[0-9a-f]{12}", config_digest(load()))


def test_the_run_and_the_order_of_keys_do_not_count():
    config = load()
    other = OrderedDict(reversed(merge(config, {"run": "another"}).items()))
    assert config_digest(other) == config_digest(config)


@pytest.mark.parametrize("change", [{"seed": 1}, {"device": "cpu"}, {"train": {"milestones": [0.75, 0.5]}}])
def test_everything_else_counts(change):
    assert config_digest(merge(load(), change)) != config_digest(load())
