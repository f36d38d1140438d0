"""What the machine lacks is told in one line."""

import pytest
import torch

from optprimer.config import machine
from optprimer.config.load import load, merge
from optprimer.config.machine import check_machine, check_packages
from optprimer.errors import UserError

CONFIG = load()


def refused(**overrides):
    with pytest.raises(UserError) as caught:
        check_machine(merge(CONFIG, overrides))
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_this_machine_will_do():
    check_machine(CONFIG)


def test_a_gpu_that_is_asked_for_has_to_be_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert refused(device="cuda") == "config: device = 'cuda': PyTorch finds no GPU here; use auto or cpu"
    check_machine(merge(CONFIG, {"device": "auto"}))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check_machine(merge(CONFIG, {"device": "cuda"}))


def test_a_job_has_to_fit_into_memory(monkeypatch):
    monkeypatch.setattr(machine, "memory_here", lambda: 4 * 10**9)
    line = refused(sharpness={"networks": {"deep": {"widths": [100_000, 100_000]}}})
    assert line.startswith("config: sharpness.networks.deep.widths = [100000, 100000]: a job would hold 1")
    assert line.endswith("GB at least, and this machine has 4 GB of memory")


@pytest.mark.parametrize(
    ("asked", "found", "line"),
    [
        ("torch>=2.11", "2.4.1", "torch is 2.4.1, but torch>=2.11 is needed"),
        ("snakemake<10,>=9.20", "10.0", "snakemake is 10.0, but snakemake<10,>=9.20 is needed"),
        ("no-such-package>=1", None, "no-such-package is not installed, but no-such-package>=1 is needed"),
    ],
)
def test_another_version_is_named(monkeypatch, asked, found, line):
    real = machine.version
    monkeypatch.setattr(machine, "requires", lambda _: [asked, 'pytest>=8; extra == "dev"'])
    monkeypatch.setattr(machine, "version", lambda name: found or real(name))
    with pytest.raises(UserError, match="make setup") as caught:
        check_packages()
    assert str(caught.value).startswith(line)


def test_a_version_that_was_built_for_one_kind_of_machine_will_do(monkeypatch):
    monkeypatch.setattr(machine, "requires", lambda _: ["torch>=2.11", 'pytest>=99; extra == "dev"'])
    monkeypatch.setattr(machine, "version", lambda name: "2.13.0+cpu")
    check_packages()
