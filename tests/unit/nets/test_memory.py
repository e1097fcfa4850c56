"""Memory: pages that a step frees are there for the next one."""

import resource
import subprocess
import sys

import pytest
import torch

from nasbed.nets.memory import kept_memory

BLOCK = 48 << 20
"""Bytes: more than the GNU C library ever keeps of itself."""


def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(BLOCK // 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is Linux's")
def test_a_block_is_cleared_by_the_system_once_only():
    with kept_memory():
        faults()
        assert faults() < 100
    assert faults() > BLOCK // (2 << 20) // 2  # pages are 4 kB, or 2 MB where the system chooses


def test_what_happens_in_it_comes_out():
    with pytest.raises(KeyError), kept_memory():
        raise KeyError


def test_elsewhere_it_does_nothing():
    script = "import sys; sys.platform = 'win32'\nfrom nasbed.nets.memory import kept_memory\nwith kept_memory(): pass"
    subprocess.run([sys.executable, "-c", script], check=True)
