"""The machine on which a manifest is written: on a cluster, jobs may have run on another."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy  # noqa: F401 (loads the BLAS that is looked at)
import torch
from threadpoolctl import threadpool_info


@dataclass(frozen=True)
class Machine:
    """What numbers and times depend on.

    ``instructions`` are the widest vector instructions that PyTorch computes with, and ``blas`` the library for matrices behind
    NumPy with the processor for which it took its kernels: another one sums in another order.
    """

    system: str
    release: str
    architecture: str
    cpu: str
    cores: int
    memory_gb: int
    instructions: str
    blas: str
    gpu: str | None


def here() -> Machine:
    """Look at this machine."""
    return Machine(
        system=platform.system(),
        release=platform.release(),
        architecture=platform.machine(),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        instructions=torch.backends.cpu.get_cpu_capability(),
        blas=_blas(),
        gpu=torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
    )


def device_used(device: str) -> str:
    """Return "cpu" or "cuda": the setting ``device``, or what jobs take here for auto."""
    return device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def _blas() -> str:
    found = {
        f"{library['internal_api']} {library['version']} ({library.get('architecture', 'any')})"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return ", ".join(sorted(found)) or "unknown"


def _cpu() -> str:
    """Name the processor as the kernel does, with family and model: a virtual machine may know no more than the brand."""
    if platform.system() == "Darwin":
        return subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True).stdout.strip()
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
    if "model name" not in facts:
        return platform.processor() or "unknown"
    return f"{facts['model name']}, family {facts.get('cpu family')}, model {facts.get('model')}"
