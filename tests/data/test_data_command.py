import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from optprimer.data.commands import data_command
from optprimer.errors import UserError

app = typer.Typer()
app.command("data")(data_command)


def test_the_command_writes_the_folder_and_sums_up(tmp_path):
    result = CliRunner().invoke(app, ["--dataset", "digits", "--image-size", "8", "--output", str(tmp_path / "out put")])
    assert result.exit_code == 0
    for part in ("digits-8", "1,437 training and 360 test images", "0.3054", "0.3760", "0 test images in train", "out put"):
        assert part in result.output
    assert (tmp_path / "out put/provenance.json").is_file()


def test_bad_input_is_a_user_error(tmp_path):
    arguments = [
        "--dataset",
        "cifar10",
        "--image-size",
        "8",
        "--archive",
        str(tmp_path / "no.zip"),
        "--output",
        str(tmp_path / "o"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, UserError)
    assert "no.zip: no such file" in str(result.exception)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("optprimer.data.commands", ["numpy", "PIL", "pooch", "requests"]),
        ("optprimer.data.dataset", ["torch", "sklearn", "PIL", "pooch"]),
        ("optprimer.data.prepare", ["torch", "sklearn", "pandas"]),
    ],
)
def test_imports_stay_light(module, heavy):
    code = f"import sys, {module}; print(*[name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
