"""The number of threads, which fixes the order of sums, is a setting that reaches every heavy command."""

import ast
import inspect
import re
import textwrap

import pytest
from running import ROOT

from optprimer.cli import app

FILES = sorted((ROOT / "workflow/rules").glob("*.smk"))
RULES = [text for path in FILES for text in re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]]
HEAVY = {text.split(":")[0]: text for text in RULES if "--device" in text or "{params.machine}" in text}
COMMANDS = {command.callback.__name__: command.callback for command in app.registered_commands}


def test_the_heavy_rules_are_these():
    assert {"train", "surface_rows", "curvature_rows", "memorize", "batch_train", "edge_descent", "sharpness"} <= HEAVY.keys()


@pytest.mark.parametrize("rule", HEAVY)
def test_a_heavy_rule_takes_the_setting_and_passes_it_on(rule):
    assert 'threads: config["threads"]' in HEAVY[rule]
    assert "--threads {threads}" in HEAVY[rule]


@pytest.mark.parametrize(
    "name", [name for name, command in COMMANDS.items() if "device" in inspect.signature(command).parameters]
)
def test_a_command_with_a_device_sets_its_threads(name):
    command = COMMANDS[name]
    if name == "landscape":
        pytest.skip("of a user's own network, outside of the workflow")
    assert "threads" in inspect.signature(command).parameters
    calls = [node for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(command)))) if isinstance(node, ast.Call)]
    takers = [call for call in calls if ast.unparse(call.func) in ("set_up", "Inputs.read")]
    assert takers
    assert all("threads" in map(ast.unparse, call.args) for call in takers)
