"""What a machine has: psutil, torch and made-up machines are the referees."""

import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from companion.machine import (
    Cpu,
    Memory,
    TorchBuild,
    available_devices,
    cpu,
    doctor,
    memory,
    pick_device,
    somebody_waits,
    torch_build,
    usable_cores,
)
from companion.machine import cpu as describe_cpu
from companion.machine.memory import mac_available
from companion.machine.problems import find_problems
from companion.machine.system import ask, control_groups
from companion.machine.torch_build import (
    Gpu,
    blas_name,
    has_code_for,
    nvidia_driver,
    wheel_name,
)

GIB = 2**30


def make(root, **files):
    """Write the files of a made-up machine; "__" stands for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def a_cpu(**changes):
    values = dict(
        model="A CPU",
        architecture="x86_64",
        flags=("avx2",),
        logical_cores=8,
        physical_cores=4,
        affinity=8,
        cgroup_cores=None,
    )
    return Cpu(**values | changes)


def a_build(**changes):
    values = dict(
        version="2.9.0",
        wheel="cpu",
        cuda=None,
        driver=None,
        devices=("cpu",),
        gpus=(),
        intra_op_threads=4,
        inter_op_threads=4,
        blas="MKL 2024.2",
        capability="AVX2",
    )
    return TorchBuild(**values | changes)


def problems(processor=None, build=None, room=(16 * GIB, 8 * GIB), disk=GIB):
    total, available = room
    return find_problems(
        processor or a_cpu(),
        build or a_build(),
        Memory(total=total, available=available),
        disk * 100,
    )


def test_matches_psutil():
    psutil = pytest.importorskip("psutil")
    ours = cpu()
    assert ours.logical_cores == psutil.cpu_count()
    physical = psutil.cpu_count(logical=False)
    assert physical in (None, ours.physical_cores)
    if hasattr(psutil.Process, "cpu_affinity"):
        assert ours.affinity == len(psutil.Process().cpu_affinity())
    theirs = psutil.virtual_memory()
    if not any(control_groups("memory")):  # psutil knows no containers
        assert memory().total == theirs.total
    assert 0 < memory().available <= memory().total <= theirs.total


def test_matches_torch():
    build = torch_build()
    assert build.version == torch.__version__
    assert build.intra_op_threads == torch.get_num_threads()
    assert build.inter_op_threads == torch.get_num_interop_threads()
    assert ("cuda" in build.devices) == torch.cuda.is_available()
    assert ("mps" in build.devices) == torch.backends.mps.is_available()
    assert len(build.gpus) == torch.cuda.device_count()
    if "+" in torch.__version__:
        assert torch.__version__.endswith("+" + build.wheel)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_affinity_is_what_this_process_was_given():
    one = min(os.sched_getaffinity(0))
    code = (
        f"import os; os.sched_setaffinity(0, [{one}])\n"
        "from companion.machine import usable_cores; print(usable_cores())"
    )
    done = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert int(done) == 1
    assert usable_cores() >= 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        (  # version 2: the group around it is tighter
            {
                "proc__self__cgroup": "0::/jobs/one\n",
                "sys__fs__cgroup__jobs__one__cpu.max": "400000 100000\n",
                "sys__fs__cgroup__jobs__cpu.max": "150000 100000\n",
            },
            1.5,
        ),
        (
            {
                "proc__self__cgroup": "0::/jobs\n",
                "sys__fs__cgroup__jobs__cpu.max": "max 100000\n",
            },
            None,
        ),
        (  # version 2 in a container, told its host's name for the group
            {
                "proc__self__cgroup": "0::/docker/abc\n",
                "sys__fs__cgroup__cpu.max": "50000 100000\n",
            },
            0.5,
        ),
        (  # version 1
            {
                "proc__self__cgroup": "3:cpu,cpuacct:/jobs\n2:memory:/\n",
                "sys__fs__cgroup__cpu,cpuacct__jobs__cpu.cfs_quota_us": "300",
                "sys__fs__cgroup__cpu,cpuacct__jobs__cpu.cfs_period_us": "100",
            },
            3.0,
        ),
        (
            {
                "proc__self__cgroup": "3:cpu:/\n",
                "sys__fs__cgroup__cpu__cpu.cfs_quota_us": "-1\n",
                "sys__fs__cgroup__cpu__cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
)
def test_reads_a_containers_share_of_the_cores(tmp_path, files, expected):
    root = make(tmp_path, **files)
    assert describe_cpu(root).cgroup_cores == expected


@pytest.mark.parametrize(
    ("affinity", "share", "usable"),
    [(8, None, 8), (8, 2.0, 2), (8, 1.5, 2), (8, 0.2, 1), (2, 6.0, 2)],
)
def test_usable_cores(affinity, share, usable):
    processor = a_cpu(affinity=affinity, cgroup_cores=share)
    assert processor.usable_cores == usable


def test_reads_an_intel_cpu(tmp_path):
    siblings = (
        "sys__devices__system__cpu__cpu{}__topology__thread_siblings_list"
    )
    root = make(
        tmp_path,
        proc__cpuinfo="model name\t: Core 7\nflags\t\t: fpu avx2 sse4_2\n",
        **{siblings.format(n): f"{n % 2},{n % 2 + 2}" for n in range(4)},
    )
    found = describe_cpu(root)
    assert found.model == "Core 7"
    assert found.flags == ("sse4_2", "avx2")
    assert found.physical_cores == 2


def test_reads_an_arm_cpu(tmp_path):
    text = "processor\t: 0\nFeatures\t: fp asimd sve\n\nModel\t: Pi 5\n"
    found = describe_cpu(make(tmp_path, proc__cpuinfo=text))
    assert found.model == "Pi 5"
    assert found.flags == ("neon", "asimd", "sve")


def test_an_unknown_system_is_described_as_far_as_it_goes(tmp_path):
    found = describe_cpu(tmp_path)
    assert found.model
    assert found.cgroup_cores is None
    assert ask("no-such-command-here") is None


@pytest.mark.parametrize(
    ("limits", "total", "available"),
    [
        ({}, 4000, 3000),
        ({"memory.max": "max", "memory.current": "10"}, 4000, 3000),
        (
            {
                "memory.max": str(1000 * 1024),
                "memory.current": str(600 * 1024),
                "memory.stat": f"anon 5\ninactive_file {100 * 1024}\n",
            },
            1000,
            500,
        ),
    ],
)
def test_reads_memory_and_its_limit(tmp_path, limits, total, available):
    root = make(
        tmp_path,
        proc__meminfo="MemTotal: 4000 kB\nMemAvailable: 3000 kB\n",
        proc__self__cgroup="0::/jobs\n",
        **{f"sys__fs__cgroup__jobs__{k}": v for k, v in limits.items()},
    )
    expected = Memory(total=total * 1024, available=available * 1024)
    assert memory(root) == expected


def test_reads_the_free_memory_of_a_mac():
    answer = (
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:              100.\nPages active:            7.\n"
        "Pages inactive:          20.\nPages speculative:       3.\n"
    )
    assert mac_available(answer) == 123 * 16384
    assert mac_available(None) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue "
            "Mar  5 22:23:56 UTC 2024\nGCC version:  gcc version 12.2.0\n",
            "550.54.15",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  "
            "580.65.06  Release Build  (dvs-builder@U22)\n",
            "580.65.06",
        ),
    ],
)
def test_reads_the_driver(tmp_path, text, version):
    root = make(tmp_path, proc__driver__nvidia__version=text)
    assert nvidia_driver(root) == version


@pytest.mark.parametrize(
    ("cuda", "hip", "mps", "name"),
    [
        (None, None, False, "cpu"),
        (None, None, True, "mps"),
        ("12.6", None, False, "cu126"),
        (None, "6.4.43482-0f2d60242", False, "rocm6.4"),
    ],
)
def test_names_the_wheel(cuda, hip, mps, name):
    made_up = SimpleNamespace(
        version=SimpleNamespace(cuda=cuda, hip=hip),
        backends=SimpleNamespace(mps=SimpleNamespace(is_built=lambda: mps)),
    )
    assert wheel_name(made_up) == name


def test_names_the_blas():
    mkl = "  - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product"
    assert blas_name(mkl) == "MKL 2024.2"
    assert blas_name("BLAS_INFO=open, BUILD_TYPE=Release") == "OpenBLAS"
    assert blas_name("BLAS_INFO=accelerate,") == "Accelerate"
    assert blas_name("") == "unknown"


@pytest.mark.parametrize(
    ("capability", "built", "serves"),
    [
        ((9, 0), ["sm_80", "sm_90"], True),
        ((8, 6), ["sm_80", "sm_90a"], True),
        ((7, 0), ["sm_75", "sm_80"], False),
        ((12, 0), ["sm_80", "sm_90"], False),
        ((12, 0), ["sm_90", "compute_90"], True),
        ((12, 0), ["sm_100", "sm_120"], True),
    ],
)
def test_says_which_gpus_a_wheel_serves(capability, built, serves):
    assert has_code_for(capability, built) is serves


GPU = Gpu(name="GTX", memory=GIB, capability="6.1", in_wheel=False)
CUDA = dict(wheel="cu128", cuda="12.8")


@pytest.mark.parametrize(
    ("changes", "what", "mend"),
    [
        (dict(driver="550.1"), "the wheel is for the CPU alone", "for CUDA"),
        (CUDA, "CUDA 12.8, but no NVIDIA driver", "driver 525 or newer"),
        (
            CUDA | dict(driver="470.82.01"),
            "needs driver 525 or newer; here is 470.82.01",
            "update the driver",
        ),
        (
            dict(wheel="cu130", cuda="13.0", driver="575.1"),
            "needs driver 580 or newer; here is 575.1",
            "older CUDA",
        ),
        (
            CUDA | dict(driver="550.1"),
            "fit, but CUDA shows no GPU",
            "CUDA_VISIBLE_DEVICES",
        ),
        (
            CUDA | dict(driver="550.1", devices=("cuda", "cpu"), gpus=(GPU,)),
            "no code for GTX, compute capability 6.1",
            "another CUDA version",
        ),
        (
            dict(intra_op_threads=64),
            "64 threads where 8 can run at once",
            "OMP_NUM_THREADS=8",
        ),
    ],
)
def test_names_what_is_wrong_and_what_to_do(changes, what, mend):
    (problem,) = problems(build=a_build(**changes))
    assert what in problem.what
    assert mend in problem.mend


def test_says_when_a_variable_hides_the_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (problem,) = problems(build=a_build(**CUDA, driver="550.1"))
    assert "CUDA_VISIBLE_DEVICES=''" in problem.what


def test_names_translated_python_missing_torch_and_little_room():
    (problem,) = problems(a_cpu(model="Apple M2"))
    assert "translated" in problem.what and "arm64" in problem.mend
    (problem,) = problems(room=(GIB, GIB // 2))
    assert "0.5 GB of memory are free" in problem.what
    (problem,) = problems(disk=GIB // 100)
    assert "1.1 GB of disk are free" in problem.what
    room = Memory(total=None, available=None)
    (problem,) = find_problems(a_cpu(), None, room, 100 * GIB)
    assert problem.what == "torch is not installed"


def test_a_sound_machine_has_no_problems():
    assert problems() == ()
    sound = a_build(**CUDA, driver="580.1", devices=("cuda", "cpu"))
    assert problems(build=sound) == ()


def test_the_report_says_what_it_holds():
    report = doctor()
    text = str(report)
    for part in (
        report.python,
        torch.__version__.split("+")[0],
        report.cpu.model,
        f"usable: {report.cpu.usable_cores}",
        report.torch.blas,
        f"{report.torch.intra_op_threads} inside an operation",
        ", ".join(report.torch.devices),
    ):
        assert part in text
    for problem in report.problems:
        assert problem.what in text and problem.mend in text
    values = json.loads(json.dumps(report.to_dict()))
    assert values["cpu"]["usable_cores"] == report.cpu.usable_cores
    assert values["versions"]["torch"] == torch.__version__.split("+")[0] or (
        values["versions"]["torch"] == torch.__version__
    )


def test_the_report_names_no_user_and_no_path():
    text = str(doctor()) + json.dumps(doctor().to_dict())
    for secret in (os.getcwd(), sys.prefix, os.path.expanduser("~")):
        assert secret not in text


def test_the_report_does_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from companion.machine import doctor; print(doctor())"
    )
    text = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "problem    torch is not installed" in text
    assert "NumPy: " in text


def test_importing_needs_no_torch():
    code = "import sys, companion.machine; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert not {"torch", "numpy"} & set(loaded.split())


def test_picks_the_best_device(monkeypatch):
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device() == torch.device(available_devices()[0])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device().type == "cuda"
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    there = r"\(cuda, cuda:0, cuda:1, mps, cpu\), got 'cuda:2'"
    with pytest.raises(ValueError, match=there):
        pick_device("cuda:2")


@pytest.mark.parametrize("name", ["cuda", "mps", "tpu", "", "cuda:x"])
def test_names_the_devices_that_are_there(monkeypatch, name):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    rule = rf"device must be one that is there \(cpu\), got '{name}'"
    with pytest.raises(ValueError, match=rule):
        pick_device(name)


def test_a_notebook_keeps_every_state_of_a_line(monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    assert not somebody_waits()  # a file, or a pipe
    terminal.isatty = lambda: True
    assert somebody_waits()
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    assert not somebody_waits()
