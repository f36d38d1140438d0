import json

import pytest
from made_tables import made
from typer.testing import CliRunner

from optprimer.cli import app
from optprimer.config.load import load
from optprimer.errors import UserError
from optprimer.manifest import outputs
from optprimer.manifest.manifest import manifest
from optprimer.registry import TABLES
from optprimer.tables import write


def invoke(pair, *options):
    return CliRunner().invoke(app, ["compare", *map(str, pair), *options])


def write_manifest(folder, **change):
    record = manifest(load(), folder, outputs.tables(folder), {}) | change
    (folder / "manifest.json").write_text(json.dumps(record))


def test_equal_folders_pass(pair):
    result = invoke(pair)
    assert result.exit_code == 0, result.output
    assert "no manifest of both" in result.output
    assert "within the tolerances between machines" in result.output
    assert f"{len(TABLES) + 1} tables: {len(TABLES) + 1} same\n" in result.output


def test_rounding_fails_where_manifests_say_that_nothing_differs(pair):
    frame = made(TABLES["rates/curves"])
    write(frame.assign(value=frame["value"] * (1 + 1e-9)), TABLES["rates/curves"], pair[1] / "rates/curves.csv")
    assert invoke(pair).exit_code == 0
    for folder in pair:
        write_manifest(folder)
    result = invoke(pair)
    assert result.exit_code == 1
    assert "machine: the same" in result.output
    assert "asked for: equal tables" in result.output
    write_manifest(pair[1], python="3.0")
    result = invoke(pair)
    assert result.exit_code == 0
    assert "versions: other: python" in result.output


def test_strict_asks_for_bytes(pair):
    path = pair[1] / "rates/pl.csv"
    head, *rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, *reversed(rows)]))
    assert invoke(pair).exit_code == 0
    result = invoke(pair, "--strict")
    assert result.exit_code == 1
    assert "same rows" in result.output


def test_all_that_speaks_against_a_table_is_told(pair):
    frame = made(TABLES["rates/pl"])
    write(frame.assign(claimed=77.0, role="control"), TABLES["rates/pl"], pair[1] / "rates/pl.csv")
    result = invoke(pair)
    assert result.exit_code == 1
    (line,) = [line for line in result.output.splitlines() if line.startswith("rates/pl ")]
    assert "differs" in line
    below = result.output.split("\nrates/pl:\n")[1]
    assert "  role differs in 8 rows" in below
    assert "  claimed is beyond" in below


def test_every_column_that_differs_is_listed_where_asked_for(pair):
    frame = made(TABLES["rates/curves"])
    other = frame.assign(value=frame["value"] * (1 + 1e-9), bound=frame["bound"] * (1 + 2e-9))
    write(other, TABLES["rates/curves"], pair[1] / "rates/curves.csv")
    lines = [line.split() for line in invoke(pair, "--columns").output.splitlines()]
    listed = {line[1]: line[2:5] for line in lines if line[:1] == ["rates/curves"] and len(line) > 4 and line[2] == "8"}
    assert set(listed) == {"value", "bound"}
    assert float(listed["bound"][2]) == pytest.approx(2e-9, rel=0.1)


def test_bad_folders_are_refused(pair, tmp_path):
    result = invoke((pair[0], tmp_path / "nothing"))
    assert isinstance(result.exception, UserError)


@pytest.mark.parametrize("width", ["60", "200"])
def test_a_long_line_survives_any_terminal(pair, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    (pair[1] / "rates/pl.csv").unlink()
    result = invoke(pair)
    assert result.exit_code == 1
    assert "rates/pl " in result.output
    assert "1 missing" in result.output
