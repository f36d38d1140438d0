import os

import pytest
import torch

from optprimer.manifest.machine import device_used, here


def test_this_machine():
    found = here()
    assert found.cores == os.cpu_count()
    assert found.cpu
    assert found.blas
    assert found.memory_gb > 0
    assert (found.gpu is None) != torch.cuda.is_available()


@pytest.mark.parametrize(
    ("setting", "available", "used"),
    [("auto", True, "cuda"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("cuda", False, "cuda")],
)
def test_the_device_that_jobs_take(monkeypatch, setting, available, used):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert device_used(setting) == used
