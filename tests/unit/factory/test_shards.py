"""The script that trains digits201 in shards: what it makes of a few cells, and what it says of missing shards."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nasbed

SCRIPT = Path(__file__).parents[3] / "scripts/make_digits201.py"


def shards(folder, *words):
    where = [
        "--shards",
        folder / "shards",
        "--work",
        folder / "work",
        "--out",
        folder / "small.arrow",
        "--card",
        folder / "small.md",
    ]
    few = ["--sample", "2", "--epochs", "1", "--units", "1", "--workers", "1"]
    return subprocess.run([sys.executable, SCRIPT, *few, *where, *words], capture_output=True, text=True)


@pytest.mark.slow
def test_missing_shards_are_named_and_nothing_is_made(tmp_path):
    found = shards(tmp_path, "--table")
    assert found.returncode == 1
    assert "2 of 2 shards are missing, the first 00.sqlite.xz" in found.stderr
    assert not (tmp_path / "small.arrow").exists()


@pytest.mark.slow
def test_shards_are_played_once_each_and_make_the_table_of_all(tmp_path):
    assert "1 of 2 shards are there" in shards(tmp_path, "--until", "1").stdout
    first = tmp_path / "shards/00.sqlite.xz"
    made = first.stat().st_mtime_ns
    assert "2 of 2 shards are there" in shards(tmp_path).stdout
    assert first.stat().st_mtime_ns == made
    found = shards(tmp_path, "--table")
    assert found.returncode == 0, found.stderr
    table = nasbed.table(tmp_path / "small.arrow")
    assert (len(table), table.by_key) == (2, True)
    assert np.isfinite(table.measurement("accuracy", split="test").values(None)).all()
    card = (tmp_path / "small.md").read_text(encoding="utf-8")
    assert "2 different cells of NAS-Bench-201, each trained 3 times" in card
    assert (tmp_path / "small.svg").exists()
