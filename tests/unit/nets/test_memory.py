"""Memory: what the C library is told, and what it is told at the end. ``benchmarks/training.py`` has the gain."""

import ctypes
import subprocess
import sys

import pytest

from nasbed.nets.passes import GIVING_BACK, KEEPING, kept_memory


class Library:
    """A C library that writes down what it is told."""

    def __init__(self):
        self.told, self.trimmed = {}, 0

    def mallopt(self, option, value):
        self.told[option] = value

    def malloc_trim(self, pad):
        self.trimmed += 1


@pytest.fixture
def library(monkeypatch):
    made = Library()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: made)
    return made


def test_free_memory_is_kept_inside_and_given_back_at_the_end(library):
    with kept_memory():
        assert (library.told, library.trimmed) == (KEEPING, 0)
    assert (library.told, library.trimmed) == ({**KEEPING, **GIVING_BACK}, 1)


def test_what_happens_in_it_comes_out_and_memory_is_given_back(library):
    with pytest.raises(KeyError), kept_memory():
        raise KeyError
    assert library.trimmed == 1


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is Linux's")
def test_the_real_library_takes_it():
    with kept_memory():
        assert ctypes.CDLL(None).mallopt(-1, KEEPING[-1]) in (0, 1)  # there is such a function, and it returns


@pytest.mark.slow
def test_elsewhere_it_does_nothing():
    script = "import sys\nfrom nasbed.nets.passes import kept_memory\nsys.platform = 'win32'\nwith kept_memory(): pass"
    subprocess.run([sys.executable, "-c", script], check=True)
