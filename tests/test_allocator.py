"""Freed memory is kept where glibc is, and nothing breaks elsewhere."""

import ctypes
import subprocess
import sys

import pytest

from companion.machine import keep_freed_memory

FAULTS = """
import resource, sys
import numpy as np
from companion.machine import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory()
for n in range(60):
    if n == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(3_000_000 + k) for k in range(3)]  # 24 MB each
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(keep):
    command = [sys.executable, "-c", FAULTS, "keep" if keep else "return"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="glibc is Linux's"
)
def test_pages_are_not_asked_for_again():
    assert page_faults(keep=True) < page_faults(keep=False) / 5


def test_elsewhere_it_does_nothing(monkeypatch):
    def no_library(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    assert not keep_freed_memory()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
