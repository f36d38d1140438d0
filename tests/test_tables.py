"""Tables: what is written is read back bit for bit, and what is not a table is refused by name."""

import math

import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optprimer.errors import UserError
from optprimer.landscape.tables import Curvature, Geometry, Surface
from optprimer.registry import TABLES
from optprimer.tables import read, write
from optprimer.training.tables import History


def surface(**columns: list) -> pd.DataFrame:
    """Rows of a surface that share everything but ``columns``."""
    row = {
        "data": "digits",
        "net": "resnet56",
        "surface": "fine",
        "directions": "none",
        "direction_seed": 0,
        "alpha": 0.0,
        "beta": 0.0,
        "loss": 0.1,
        "loss_se": 0.01,
        "accuracy": 0.5,
        "n": 400,
        "n_nonfinite": 0,
        "precision": "fp32",
    }
    length = max(map(len, columns.values()), default=1)
    return pd.DataFrame({name: columns.get(name, [value] * length) for name, value in row.items()})


def test_a_file_to_the_byte(tmp_path):
    path = tmp_path / "surface.csv"
    frame = surface(beta=[1.0, -1.0, -1.0], alpha=[0.0, 0.1 + 0.2, -1e-17], loss=[math.nan, 1e300, 1 / 3])
    write(frame[frame.columns[::-1]], Surface, path)
    assert path.read_text() == (
        "data,net,surface,directions,direction_seed,alpha,beta,loss,loss_se,accuracy,n,n_nonfinite,precision\n"
        "digits,resnet56,fine,none,0,-1e-17,-1.0,0.3333333333333333,0.01,0.5,400,0,fp32\n"
        "digits,resnet56,fine,none,0,0.30000000000000004,-1.0,1e+300,0.01,0.5,400,0,fp32\n"
        "digits,resnet56,fine,none,0,0.0,1.0,,0.01,0.5,400,0,fp32\n"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(st.floats(width=64), min_size=1, max_size=5))
def test_floats_survive_bit_for_bit(tmp_path, losses):
    frame = surface(alpha=[float(index) for index in range(len(losses))], loss=losses)
    write(frame, Surface, tmp_path / "first.csv")
    back = read(Surface, tmp_path / "first.csv")
    pd.testing.assert_frame_equal(back, Surface.validate(frame), check_exact=True)
    assert [math.copysign(1, loss) for loss in back["loss"].dropna()] == [
        math.copysign(1, loss) for loss in losses if not math.isnan(loss)
    ]
    write(back, Surface, tmp_path / "second.csv")
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()


def test_rows_are_written_in_the_order_of_the_key(tmp_path):
    shuffled = surface(alpha=[3.0, 1.0, 2.0])
    write(shuffled, Surface, tmp_path / "a.csv")
    write(shuffled[::-1], Surface, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert read(Surface, tmp_path / "a.csv")["alpha"].tolist() == [1.0, 2.0, 3.0]


def test_truth_values_and_the_empty_table_survive(tmp_path):
    history = pd.DataFrame(
        {
            "data": "digits",
            "net": "resnet56",
            "seed": 2**62,
            "epoch": [0, 1],
            "step": [0, 11],
            "lr": 0.1,
            "train_loss": [math.nan, 1.0],
            "train_accuracy": [math.nan, 1.0],
            "test_loss": 1.0,
            "test_accuracy": 0.5,
            "precision": "fp32",
            "diverged": [False, True],
        }
    )
    write(history, History, tmp_path / "history.csv")
    back = read(History, tmp_path / "history.csv")
    assert back["diverged"].tolist() == [False, True]
    assert back["seed"].tolist() == [2**62, 2**62]
    write(history[:0], History, tmp_path / "empty.csv")
    assert read(History, tmp_path / "empty.csv").empty


def test_parts_are_joined(tmp_path):
    write(surface(alpha=[1.0]), Surface, tmp_path / "1.csv")
    write(surface(alpha=[0.0]), Surface, tmp_path / "0.csv")
    back = read(Surface, tmp_path / "1.csv", tmp_path / "0.csv")
    assert back["alpha"].tolist() == [1.0, 0.0]
    assert back.index.tolist() == [0, 1]


@pytest.mark.parametrize(
    "columns", [{"accuracy": [1.5]}, {"accuracy": [-0.1]}, {"accuracy": [math.nan]}, {"n": [0]}, {"n": [math.nan]}]
)
def test_values_out_of_range_are_not_written(tmp_path, columns):
    with pytest.raises((pa.errors.SchemaError, pa.errors.SchemaErrors)):
        write(surface(**columns), Surface, tmp_path / "surface.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_repeated_key_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"surface\.csv: rows are not unique by net, surface"):
        write(surface(loss=[0.1, 0.2]), Surface, tmp_path / "surface.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"net,loss\nresnet56,1\n",
        b"\x00\xff\xfe\x80 not text",
        b'a,b\n1,"2\n',
        b"a,b\n1,2,3\n4\n5,6,7,8\n",
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "surface.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"surface\.csv: not a table of surface rows") as caught:
        read(Surface, path)
    assert "\n" not in str(caught.value)


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "surface.csv"
    write(surface(), Surface, path)
    with pytest.raises(UserError, match="not a table of curvature rows"):
        read(Curvature, path)


def test_a_damaged_value_is_refused(tmp_path):
    path = tmp_path / "surface.csv"
    write(surface(), Surface, path)
    path.write_text(path.read_text().replace("0.1,0.01", "0.1x,0.01"))
    with pytest.raises(UserError, match="not a table of surface rows"):
        read(Surface, path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.csv: no such table"):
        read(Geometry, tmp_path / "nothing.csv")


@pytest.mark.parametrize("model", TABLES.values())
def test_every_table_has_a_key_among_its_columns_and_a_docstring_that_names_its_file(model):
    columns = list(model.to_schema().columns)
    assert model._key
    assert set(model._key) <= set(columns)
    assert ".csv: " in model.__doc__


@pytest.mark.parametrize("name", ["nan", "NaN", "null", "NA", "None", "true", "infinity", "001", "1e5", "-", 'a "b", c', " x "])
def test_names_survive_whatever_they_look_like(tmp_path, name):
    write(surface(data=[name, name], net=[name, "resnet56"], loss=[math.nan, 1.0]), Surface, tmp_path / "surface.csv")
    back = read(Surface, tmp_path / "surface.csv")
    assert (set(back["data"]), set(back["net"])) == ({name}, {name, "resnet56"})
    assert back["loss"].isna().tolist() == (back["net"] == name).tolist()


@pytest.mark.parametrize("kept", [1, 2, 5, 20])
def test_a_table_cut_in_the_middle_of_a_line_is_refused_though_its_last_number_is_one(tmp_path, kept):
    path = tmp_path / "surface.csv"
    write(surface(alpha=[0.0, 1.0]), Surface, path)
    content = path.read_bytes()
    path.write_bytes(content.removesuffix(b"fp32\n") + b"fp3")  # a shorter text, as a shorter number would be
    with pytest.raises(UserError, match=r"surface\.csv: not a table of surface rows"):
        read(Surface, path)
    path.write_bytes(content[:-kept])
    with pytest.raises(UserError, match=r"surface\.csv: .*it ends in the middle of a line"):
        read(Surface, path)
