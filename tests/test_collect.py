"""Joining tables: parts in any order make the table that one job would have written."""

import pandas as pd
import pytest

from optprimer.collect import collect
from optprimer.errors import UserError
from optprimer.registry import TABLES
from optprimer.tables import write
from optprimer.training.tables import History


def history(net: str, epochs: range) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "data": "digits-8",
            "net": net,
            "seed": 0,
            "epoch": list(epochs),
            "step": [12 * epoch for epoch in epochs],
            "lr": 0.1,
            "train_loss": [1 / (epoch + 3) if epoch else float("nan") for epoch in epochs],
            "train_accuracy": 0.5,
            "test_loss": [0.1 + 0.2 for _ in epochs],
            "test_accuracy": 1 / 3,
            "precision": "fp32",
            "diverged": False,
        }
    )


def test_parts_in_any_order_make_the_same_bytes(tmp_path):
    parts = [history("resnet56", range(3, 5)), history("resnet20", range(5)), history("resnet56", range(3))]
    for index, part in enumerate(parts):
        write(part, History, tmp_path / f"{index}.csv")
    write(pd.concat(parts), History, tmp_path / "whole.csv")
    for name, order in (("a.csv", (0, 1, 2)), ("b.csv", (2, 1, 0))):
        collect("train/history", [tmp_path / f"{index}.csv" for index in order], tmp_path / "out" / name)
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_collecting_a_collected_table_changes_nothing(tmp_path):
    write(history("resnet56", range(4)), History, tmp_path / "one.csv")
    collect("train/history", [tmp_path / "one.csv"], tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="table 'histroy': allowed are ") as error:
        collect("histroy", [], tmp_path / "out.csv")
    assert all(name in str(error.value) for name in TABLES)


@pytest.mark.parametrize("bad", ["missing.csv", "other.csv"])
def test_a_part_that_is_no_such_table_is_refused_and_nothing_written(tmp_path, bad):
    write(history("resnet56", range(4)), History, tmp_path / "good.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=bad):
        collect("train/history", [tmp_path / "good.csv", tmp_path / bad], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_table_of_another_kind_is_refused_by_name(tmp_path):
    write(history("resnet56", range(3)), History, tmp_path / "one.csv")
    with pytest.raises(UserError, match=r"one\.csv: not a table of line rows"):
        collect("landscape/line", [tmp_path / "one.csv"], tmp_path / "out.csv")


def test_a_row_in_two_parts_is_refused_and_nothing_written(tmp_path):
    write(history("resnet56", range(3)), History, tmp_path / "one.csv")
    write(history("resnet56", range(2, 4)), History, tmp_path / "two.csv")
    with pytest.raises(UserError, match="rows are not unique by net, epoch"):
        collect("train/history", [tmp_path / "one.csv", tmp_path / "two.csv"], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
