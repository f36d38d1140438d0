"""The machine as a run sees it: settings resolve as documented, and the process is made deterministic."""

import os

import pytest
import torch

from optprimer import runtime
from optprimer.errors import UserError
from optprimer.runtime import Runtime, set_up


@pytest.fixture(autouse=True)
def untouched_process(monkeypatch):
    """``set_up`` changes the whole process; give it back as it was."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    precision = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = fill
    torch.set_float32_matmul_precision(precision)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32 = cudnn
    torch.set_flush_denormal(False)


def machine(monkeypatch, *, gpu: bool, gpu_bf16: bool = False, avx512_bf16: bool = False, amx: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: gpu_bf16 or including_emulation)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)


def test_dtypes():
    assert Runtime(torch.device("cpu"), "fp32").dtype is torch.float32
    assert Runtime(torch.device("cpu"), "bf16").dtype is torch.bfloat16


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_asked_for_is_taken(monkeypatch, precision):
    machine(monkeypatch, gpu=True, gpu_bf16=precision == "fp32", amx=precision == "fp32")
    assert set_up("cpu", precision) == Runtime(torch.device("cpu"), precision)
    assert set_up("cuda", precision) == Runtime(torch.device("cuda"), precision)


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "bf16"), (False, "fp32"), (False, "auto")])
def test_bf16_that_is_emulated_is_done_and_told(monkeypatch, caplog, native, precision):
    machine(monkeypatch, gpu=False, avx512_bf16=native)
    set_up("cpu", precision)
    told = ["precision bf16: this machine emulates it, slower than fp32"]
    assert [record.message for record in caplog.records] == (told if precision == "bf16" and not native else [])


@pytest.mark.parametrize(
    ("hardware", "device", "resolved"),
    [
        ({"gpu": False}, "auto", ("cpu", "fp32")),
        ({"gpu": False, "avx512_bf16": True}, "auto", ("cpu", "bf16")),
        ({"gpu": False, "amx": True}, "auto", ("cpu", "bf16")),
        ({"gpu": True, "gpu_bf16": True}, "auto", ("cuda", "bf16")),
        ({"gpu": True, "gpu_bf16": False, "amx": True}, "auto", ("cuda", "fp32")),  # the GPU only emulates bf16
        ({"gpu": True, "gpu_bf16": True}, "cpu", ("cpu", "fp32")),
    ],
)
def test_auto_takes_what_the_hardware_has(monkeypatch, hardware, device, resolved):
    machine(monkeypatch, **hardware)
    assert set_up(device, "auto") == Runtime(torch.device(resolved[0]), resolved[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gpu", "auto"), "device 'gpu': allowed are auto, cpu, cuda"),
        (("auto", "fp16"), "precision 'fp16': allowed are auto, fp32, bf16"),
        (("cuda", "auto"), "device 'cuda': PyTorch finds no GPU"),
        (("cpu", "fp32", 0), "threads"),
    ],
)
def test_other_values_are_refused_in_one_line(monkeypatch, arguments, message):
    machine(monkeypatch, gpu=False)
    with pytest.raises(UserError, match=message) as error:
        set_up(*arguments)
    assert "\n" not in str(error.value)


def test_the_process_is_deterministic():
    set_up("cpu", "fp32", 1)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"  # without it cuBLAS refuses to be deterministic
    assert not torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_workspace_of_the_user_is_kept(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    set_up("cpu", "fp32")
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_threads_are_left_alone_when_not_given():
    torch.set_num_threads(2)
    set_up("cpu", "fp32")
    assert torch.get_num_threads() == 2


def test_subnormal_results_become_zero():
    if not torch.set_flush_denormal(True):
        pytest.skip("this CPU cannot flush subnormal numbers to zero")
    torch.set_flush_denormal(False)
    tiny = torch.full((16,), 1e-30)
    assert bool((tiny * 1e-10 > 0).all())
    set_up("cpu", "fp32")
    assert bool((tiny * 1e-10 == 0).all())
    assert bool((tiny * 1e-7 > 0).all())  # 1e-37 is a normal number


def test_bf16_of_this_cpu_is_found_without_a_fake():
    # Whatever the answer here, it is one of the two and does not depend on when it is asked.
    assert {set_up("cpu").precision for _ in range(2)} in ({"fp32"}, {"bf16"})
    assert runtime._multiplies_bf16(use_gpu=False) == (set_up("cpu").precision == "bf16")
