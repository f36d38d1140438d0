"""The verbs of ``optprimer config``."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from optprimer.config.commands import app
from optprimer.config.digest import config_digest
from optprimer.config.docs import page
from optprimer.config.load import load
from optprimer.config.schema import SCALES
from optprimer.errors import UserError


def test_check_accepts_config_yaml_and_a_scale():
    assert config_digest(load()) in CliRunner().invoke(app, ["check"]).output
    result = CliRunner().invoke(app, ["check", str(SCALES / "paper.yaml")])
    assert result.exit_code == 0
    assert result.output.startswith("run paper: the settings are valid")


def test_check_refuses_a_wrong_scale(tmp_path):
    wrong = tmp_path / "wrong scale.yaml"
    wrong.write_text("landscape: {range: -1}\n")
    with pytest.raises(UserError, match=r"^config: landscape\.range = -1: a number > 0 and <= 10$"):
        CliRunner().invoke(app, ["check", str(wrong)], catch_exceptions=False)


def test_files_are_laid_over_in_turn(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("seed: -1\n")
    right = tmp_path / "right.yaml"
    right.write_text("seed: 1\n")
    assert CliRunner().invoke(app, ["check", str(wrong), str(right)]).exit_code == 0


def test_show_prints_all_settings():
    scale = SCALES / "smoke.yaml"
    assert json.loads(CliRunner().invoke(app, ["show"]).output) == load()
    assert json.loads(CliRunner().invoke(app, ["show", str(scale)]).output) == load(scale)


def test_show_refuses_what_check_refuses(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("seed: -1\n")
    with pytest.raises(UserError, match=r"^config: seed = -1"):
        CliRunner().invoke(app, ["show", str(wrong)], catch_exceptions=False)


def test_docs_writes_the_page(tmp_path):
    output = tmp_path / "new folder" / "configuration.md"
    assert CliRunner().invoke(app, ["docs", "--output", str(output)]).exit_code == 0
    assert output.read_text(encoding="utf-8") == page()


def test_the_commands_import_nothing_heavy():
    heavy = {"torch", "pandas", "jsonschema", "yaml"}
    code = f"import sys, optprimer.config.commands; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
