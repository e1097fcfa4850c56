"""One process at a time, and nobody after a process that died."""

import subprocess
import sys

import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.locks import alone

HELD = """
import sys
from pathlib import Path
from nasbed.core.locks import alone
with alone(Path(sys.argv[1]), "waits"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_against_other_processes_until_they_end_in_any_way(tmp_path):
    path = tmp_path / "lock"
    words = [sys.executable, "-c", HELD, path]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BadSetting, match="another process waits; wait for its end"), alone(path, "waits"):
            pass
        other.kill()
    with alone(path, "waits"):
        pass


def test_it_is_let_go_when_the_block_ends(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), alone(tmp_path / "lock", "waits"):
            raise KeyError
