"""Which build of torch is running, with which driver, on which devices.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from companion.machine.device import available_devices
from companion.machine.system import ROOT, ask, read


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A GPU that CUDA shows."""

    name: str
    memory: int  # bytes
    capability: str  # compute capability, as "9.0"
    in_wheel: bool  # whether the wheel has code for it


@dataclass(frozen=True, kw_only=True)
class TorchBuild:
    """A build of torch, and what it can use here."""

    version: str
    wheel: str  # "cpu", "cu126", "rocm6.4", "mps"
    cuda: str | None  # the version of CUDA it was built for
    driver: str | None  # of NVIDIA, whether or not torch can use it
    devices: tuple[str, ...]  # best first
    gpus: tuple[Gpu, ...]
    intra_op_threads: int  # inside one operation
    inter_op_threads: int  # operations side by side
    blas: str  # the library that multiplies matrices on the CPU
    capability: str  # the CPU instructions its own loops use


def torch_build(root: Path = ROOT) -> TorchBuild | None:
    """Describe torch; None where it is not installed.

    Args:
        root: the top of the file system.
    """
    try:
        import torch
    except ImportError:
        return None
    devices = available_devices()
    return TorchBuild(
        version=torch.__version__,
        wheel=wheel_name(torch),
        cuda=torch.version.cuda,
        driver=nvidia_driver(root),
        devices=devices,
        gpus=_gpus(torch) if "cuda" in devices else (),
        intra_op_threads=torch.get_num_threads(),
        inter_op_threads=torch.get_num_interop_threads(),
        blas=blas_name(torch.__config__.show()),
        capability=torch.backends.cpu.get_cpu_capability(),
    )


def wheel_name(torch: ModuleType) -> str:
    """Name the kind of wheel: "cpu", "cu126", "rocm6.4" or "mps"."""
    if torch.version.cuda:
        return "cu" + torch.version.cuda.replace(".", "")
    if torch.version.hip:
        return "rocm" + ".".join(torch.version.hip.split(".")[:2])
    return "mps" if torch.backends.mps.is_built() else "cpu"


def nvidia_driver(root: Path = ROOT) -> str | None:
    """Find the version of NVIDIA's driver; None where there is none."""
    loaded = read(root / "proc/driver/nvidia/version") or ""
    version = re.search(r"Kernel Module.*?\s(\d+\.\d+(?:\.\d+)?)\s", loaded)
    if version:
        return version[1]
    answer = ask(
        "nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"
    )
    version = re.match(r"[\d.]+", answer or "")
    return version[0] if version else None


def blas_name(config: str) -> str:
    """Read from torch's build settings which BLAS it calls."""
    mkl = re.search(r"Math Kernel Library Version (\S+?)-", config)
    if mkl:
        return f"MKL {mkl[1]}"
    info = re.search(r"BLAS_INFO=(\w+)", config)
    names = {"open": "OpenBLAS", "accelerate": "Accelerate"}
    return names.get(info[1], info[1]) if info else "unknown"


def has_code_for(capability: tuple[int, int], built: list[str]) -> bool:
    """Say whether a list as ["sm_80", "compute_90"] serves a GPU.

    Machine code (sm) serves the same major version from its minor version
    on; code for later compilation (compute) all that is newer. Source:
    NVIDIA's CUDA programming guide, "Application compatibility".
    """
    for kind, version in re.findall(r"(sm|compute)_(\d+)", " ".join(built)):
        major, minor = int(version[:-1]), int(version[-1])
        newer = (major, minor) <= capability
        if newer and (kind == "compute" or major == capability[0]):
            return True
    return False


def _gpus(torch: ModuleType) -> tuple[Gpu, ...]:
    built = torch.cuda.get_arch_list()
    found = []
    for number in range(torch.cuda.device_count()):
        seen = torch.cuda.get_device_properties(number)
        gpu = Gpu(
            name=seen.name,
            memory=seen.total_memory,
            capability=f"{seen.major}.{seen.minor}",
            # AMD's builds list names of another kind
            in_wheel=torch.version.cuda is None
            or has_code_for((seen.major, seen.minor), built),
        )
        found.append(gpu)
    return tuple(found)
