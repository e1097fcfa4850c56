"""Files that mean harm: each is refused by its name, soon, in little memory, and runs nothing; see ``hostile``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = Path(__file__).with_name("hostile.py")


def tried(folder, *largest):
    """Read them all in processes of their own; give whether all went well, and a table."""
    paths = os.pathsep.join([str(HOSTILE.parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, str(HOSTILE), str(folder), *map(str, largest)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    return done.returncode == 0, done.stdout + done.stderr[-2000:]


@pytest.mark.slow
def test_small_files_cost_little(tmp_path):
    fine, table = tried(tmp_path, 2_000)
    assert fine, table
    assert table.count("refused") > 70


@pytest.mark.slow
def test_no_file_costs_much(tmp_path, capsys):
    fine, table = tried(tmp_path)
    with capsys.disabled():
        print(f"\n{table}")
    assert fine, table
    assert table.count("refused") > 130
