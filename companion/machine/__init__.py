"""What this machine has, what is used of it, and how fast it is."""

from companion.machine.allocator import keep_freed_memory
from companion.machine.calibration import Calibration, calibrate
from companion.machine.cpu import Cpu, cpu, usable_cores
from companion.machine.device import available_devices, pick_device
from companion.machine.memory import Memory, memory
from companion.machine.prediction import Work, predict_range, predict_seconds
from companion.machine.problems import Problem
from companion.machine.report import Report, doctor
from companion.machine.terminal import somebody_waits
from companion.machine.torch_build import TorchBuild, torch_build

__all__ = [
    "Calibration",
    "Cpu",
    "Memory",
    "Problem",
    "Report",
    "TorchBuild",
    "Work",
    "available_devices",
    "calibrate",
    "cpu",
    "doctor",
    "keep_freed_memory",
    "memory",
    "pick_device",
    "predict_range",
    "predict_seconds",
    "somebody_waits",
    "torch_build",
    "usable_cores",
]
