"""The CSV tables through which the stages meet: one way to write them and one to read them.

Each stage has its models, one a table, in its own ``tables`` module.

Floats are written with ``repr`` precision, rows are sorted by their key, and no table holds a time of day or a duration:
the same seed on the same machine gives the same bytes. A point that was not computed is absent; one that diverged is NaN.
Losses are in nats, accuracies in [0, 1]. ``data`` names the data set as it was measured, ``cifar10-jpeg75-16`` for a JPEG
copy of CIFAR-10 averaged to 16 pixels, say; ``precision`` is ``fp32`` or ``bf16``.
"""

import os
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pandera.pandas as pa

from optprimer.errors import UserError
from optprimer.files import replacing


class Table(pa.DataFrameModel):
    """Common to all tables: strict columns in a fixed order, unique and sorted by ``_key``."""

    _key: ClassVar[list[str]]

    class Config:  # noqa: D106 (pandera's)
        strict = True
        ordered = True
        coerce = True


def write(frame: pd.DataFrame, model: type[Table], path: Path) -> None:
    """Validate ``frame`` against ``model``, sort it by its key and write it to ``path``, atomically.

    Raises:
        pandera.errors.SchemaError: a column is missing, superfluous or out of range.
        ValueError: two rows share a key.
    """
    columns = list(model.to_schema().columns)
    frame = model.validate(frame[columns])
    if frame.duplicated(model._key).any():
        raise ValueError(f"{path}: rows are not unique by {', '.join(model._key)}")
    with replacing(path) as temporary:
        frame.sort_values(model._key).to_csv(temporary, index=False, lineterminator="\n")


def read(model: type[Table], *paths: Path) -> pd.DataFrame:
    """Read and join tables of one ``model``.

    Raises:
        UserError: a file is missing, or is not a table of this kind.
    """
    frames = []
    for path in paths:
        try:
            frames.append(model.validate(_read_csv(model, path)))
        except FileNotFoundError:
            raise UserError(f"{path}: no such table") from None
        except (pa.errors.SchemaError, pa.errors.SchemaErrors, ValueError) as error:  # pandas' parser errors are ValueErrors
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"{path}: not a table of {model.__name__.lower()} rows ({reason})") from None
    return pd.concat(frames, ignore_index=True)


def _read_csv(model: type[Table], path: Path) -> pd.DataFrame:
    # Names are text whatever they look like: pandas would read nan, NA, true and 001 as something else.
    with path.open("rb") as handle:
        if handle.seek(0, os.SEEK_END) and handle.seek(-1, os.SEEK_END) and handle.read() != b"\n":
            raise ValueError("it ends in the middle of a line")
    columns = model.to_schema().columns
    text = [name for name, column in columns.items() if str(column.dtype).startswith("str")]
    missing = {name: ["", "nan", "NaN"] for name in columns if name not in text}
    return pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=missing)
