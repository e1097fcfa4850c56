"""Memory: pages that a step frees are there for the next one."""

import subprocess
import sys

import pytest

from nasbed.nets.memory import kept_memory

FAULTS = """
import resource, torch
from nasbed.nets.memory import kept_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(48 << 18)  # 48 MB: more than the GNU C library ever keeps of itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with kept_memory():
    inside = [faults() for _ in range(50)]
print(min(inside), min(faults() for _ in range(50)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is Linux's")
def test_a_block_that_was_freed_can_be_had_again_without_the_system():
    command = [sys.executable, "-c", FAULTS]  # a process of its own: the library's settings are the process's
    inside, after = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert inside < 100
    assert after >= 24  # pages are 4 kB, or 2 MB where the system chooses


def test_what_happens_in_it_comes_out():
    with pytest.raises(KeyError), kept_memory():
        raise KeyError


def test_elsewhere_it_does_nothing():
    script = "import sys; sys.platform = 'win32'\nfrom nasbed.nets.memory import kept_memory\nwith kept_memory(): pass"
    subprocess.run([sys.executable, "-c", script], check=True)
