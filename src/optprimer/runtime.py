"""The machine as a run sees it: device, arithmetic precision, threads."""

import logging
import os
from dataclasses import dataclass

import torch

from optprimer.errors import UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Where and how tensors are computed: ``precision`` is "fp32" or "bf16"."""

    device: torch.device
    precision: str

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of activations."""
        return torch.bfloat16 if self.precision == "bf16" else torch.float32


def set_up(device: str = "auto", precision: str = "auto", threads: int | None = None) -> Runtime:
    """Resolve ``auto`` and make this process deterministic.

    bfloat16 is taken where the hardware multiplies in it; emulation would be slower than fp32. Who asks for it gets it
    elsewhere too, with a warning: it is bf16 that is asked for, and what the tables then say. Subnormal numbers are
    flushed to zero: they carry nothing here, and one of them costs a CPU a hundred ordinary operations. The order of
    summation depends on the number of threads, so equal bytes need equal ``threads``.

    Raises:
        UserError: a GPU is asked for and there is none, or a value is not one of the allowed.
    """
    if threads is not None:
        if threads < 1:
            raise UserError(f"threads {threads}: allowed are whole numbers from 1")
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # a debugging aid that costs a tenth of the time
    torch.backends.cudnn.benchmark = False
    # TF32 keeps 10 bits of the mantissa: that would not be the fp32 that the tables claim.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False

    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"device {device!r}: allowed are auto, cpu, cuda")
    if precision not in ("auto", "fp32", "bf16"):
        raise UserError(f"precision {precision!r}: allowed are auto, fp32, bf16")
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device 'cuda': PyTorch finds no GPU here; use auto or cpu")
    use_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    native = _multiplies_bf16(use_gpu)
    if precision == "bf16" and not native:
        log.warning("precision bf16: this machine emulates it, slower than fp32")
    if precision == "auto":
        precision = "bf16" if native else "fp32"
    return Runtime(torch.device("cuda" if use_gpu else "cpu"), precision)


def _multiplies_bf16(use_gpu: bool) -> bool:
    if use_gpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
