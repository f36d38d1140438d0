import json

import pytest
from typer.testing import CliRunner

from optprimer.cli import app
from optprimer.errors import UserError
from optprimer.manifest.identity import run_digest


def invoke(run, settings, **options):
    arguments = ["manifest", "--results", str(run.results), "--figures", str(run.figures), "--settings", settings]
    return CliRunner().invoke(app, arguments, **options)


def test_it_writes_both_documents_from_the_settings_that_the_other_command_prints(run):
    shown = CliRunner().invoke(app, ["config", "show"])
    result = invoke(run, shown.output)
    assert result.exit_code == 0, result.output
    written = json.loads((run.results / "manifest.json").read_text())
    assert written["run_digest"] == run_digest(run.config)
    assert written["run_digest"] in result.output
    crate = (run.results / "ro-crate-metadata.json").read_text()
    assert written["run_digest"] in crate


def test_written_twice_it_has_the_same_bytes(run):
    written = []
    for _ in range(2):
        assert invoke(run, json.dumps(run.config)).exit_code == 0
        written.append([(run.results / name).read_bytes() for name in ("manifest.json", "ro-crate-metadata.json")])
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("settings", "named"), [("{", "settings: not JSON"), ("{}", "is missing"), ('{"run": 1}', "config: "), ("[]", "config: ")]
)
def test_wrong_settings_are_refused(run, settings, named):
    result = invoke(run, settings)
    assert isinstance(result.exception, UserError)
    assert named in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (run.results / "manifest.json").exists()


def test_a_folder_without_tables_is_refused(run, tmp_path):
    result = invoke(run._replace(results=tmp_path / "nothing"), json.dumps(run.config))
    assert isinstance(result.exception, UserError)
    assert "nothing" in str(result.exception)
