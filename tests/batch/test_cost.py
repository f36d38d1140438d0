"""Costs: every combination is timed, and a full batch looks at all images."""

import math

import pytest
import torch

from optprimer.batch import cost as module
from optprimer.batch.cost import BLOCKS, costs
from optprimer.batch.tables import Cost
from optprimer.data.dataset import load
from optprimer.runtime import Runtime

FP32 = Runtime(torch.device("cpu"), "fp32")


@pytest.fixture
def seen(monkeypatch):
    """Images that each step looked at."""
    counts, take = [], module.Trainer._step

    def step(self, epoch, number, indices):
        counts.append((len(self.labels), len(indices), self.recipe.block_size))
        return take(self, epoch, number, indices)

    monkeypatch.setattr(module.Trainer, "_step", step)
    monkeypatch.setattr(module, "ROUNDS", 2)
    return counts


def test_a_step_of_gd_looks_at_all_images_in_blocks_and_one_of_sgd_at_a_batch(digits, tmp_path, seen):
    table = costs(load(digits), "conv", [4], 8, 0, FP32, tmp_path)
    sizes = [8 * blocks for blocks in BLOCKS]
    assert set(seen) == {(n, n, 8) for n in sizes} | {(n, 8, 8) for n in sizes}
    assert set(zip(table["method"], table["n"], strict=True)) == {(method, n) for method in ("gd", "sgd") for n in sizes}
    Cost.validate(table.assign(data="digits-8", network="conv")[list(Cost.to_schema().columns)])


def test_the_price_is_the_median_over_rounds_of_ratios_of_the_same_round(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROUNDS", 3)
    monkeypatch.setattr(module, "BLOCKS", (4,))
    ticks = iter([8.0, 1.0, 20.0, 2.0, 6.0, 1.0])  # a machine that slows down: full, batch, full, batch, ...
    monkeypatch.setattr(module, "_seconds", lambda *_: next(ticks))
    table = costs(load(digits), "mlp", [4], 8, 0, FP32, tmp_path).set_index("method")
    assert table.loc["gd", "relative"] == pytest.approx(8 / 4)  # ratios 8, 10, 6 over 4 batches
    assert table.loc["gd", "seconds"] == 8
    assert math.isclose(table.loc["sgd", "relative"], 1)
