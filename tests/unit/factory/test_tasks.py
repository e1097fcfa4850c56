"""Numbers to predict, from arrays and folders to tables, searches, comparisons and pages: all say what is measured."""

import os
import re
import time

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.factory.generate import generate
from nasbed.factory.merge import merge
from nasbed.factory.selection import Selection
from nasbed.spaces.nasbench201 import NASBench201

WORDS = "negative mae"
SMALL = {"channels": 2, "cells": 1}


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    """A file of grey images, of each of which the brightness is to be predicted."""
    rng = np.random.default_rng(0)
    images = (rng.random((60, 8, 8, 1)) * np.linspace(0.2, 1, 60)[:, None, None, None]).astype(np.float32)
    file = tmp_path_factory.mktemp("arrays") / "bright.npz"
    np.savez(file, images=images, labels=100 * images.mean((1, 2)))
    return f"arrays:{file}"


def made(out, data, **settings):
    fixed = {"sample": 3, "budgets": (1,), "repeats": 2, "together": 2, "executor": "inline", "skeleton": SMALL}
    return generate(out, space=NASBench201(), data=data, command="nasbed generate", **fixed | settings)


@pytest.fixture(scope="module")
def table(tmp_path_factory, arrays):
    return made(tmp_path_factory.mktemp("table") / "t.arrow", arrays)


def test_a_table_says_what_was_measured_and_that_low_is_good(table):
    told = table.measurement("mae", split="validation")
    assert (told.goal, told.unit, told.role, told.seeds) == ("min", "", "told", (0, 1))
    assert table.provenance["task"] == {"metric": "mae", "unit": "", "goal": "min"}
    assert table.measurement("loss", split="validation").unit == ""
    benchmark = nasbed.benchmark(table)
    assert (benchmark.measure, benchmark.tested, benchmark.describe()["tested"]) == (WORDS, WORDS, WORDS)
    np.testing.assert_allclose(benchmark.query(table.archs).value, -told.mean(table.archs))
    np.testing.assert_allclose(benchmark.test(table.archs), -table.measurement("mae", split="test").mean(table.archs))


@pytest.mark.slow
def test_searches_comparisons_and_pages_never_call_it_an_accuracy(table, tmp_path):
    found = nasbed.compare(["random", "local"], nasbed.benchmark(table), evaluations=3, runs=3)
    history = found.histories["random"]
    assert (history.measure, history.tested) == (WORDS, WORDS)
    assert found.words("test") == f"test {WORDS}"
    assert found.words("validation") == f"validation {WORDS}"
    assert found.words("test-regret") == f"test regret in {WORDS}"
    assert found.factor("test") == 1
    best = max(nasbed.benchmark(table).test(table.archs))
    assert history.metric("test")[-1].max() <= best < 0
    found.save(tmp_path / "report", [])
    summary = (tmp_path / "report" / "summary.md").read_text()
    assert f"test {WORDS}" in summary
    assert "%" not in summary.split("\n")[2].replace("found the optimum %", "")
    page = found.report(tmp_path / "page.html").read_text()
    assert not re.search(r"accurac(y|ies)", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def test_real_training_tells_a_search_the_same(arrays, tmp_path):
    benchmark = nasbed.benchmark(f"trained:{arrays}:nasbench201", executor="inline", skeleton=SMALL)
    history = nasbed.search(
        "random", benchmark, evaluations=2, epochs=1, executor="inline", store=tmp_path / "s.sqlite"
    )
    assert (history.measure, history.tested) == (WORDS, WORDS)
    assert (history.value < 0).all()
    assert (history.test[-1] < 0).all()


@pytest.mark.slow
def test_workers_stores_are_merged_to_the_table_of_one(arrays, tmp_path, table):
    stores = [tmp_path / f"part{worker}.sqlite" for worker in range(2)]
    for worker, store in enumerate(stores):
        made(tmp_path / "part.arrow", arrays, selection=Selection(worker=worker, of=2), store=store)
    joined, missing = merge(stores, tmp_path / "joined.arrow", command="nasbed merge")
    assert missing == 0
    for split in ("validation", "test"):
        values = [one.measurement("mae", split=split).values(one.archs) for one in (table, joined)]
        np.testing.assert_array_equal(*values)


@pytest.mark.slow
def test_nothing_goes_on_with_another_task_file(tmp_path):
    file = tmp_path / "mine.py"
    text = """import torch, nasbed
X = torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(0))
def make():
    return nasbed.Task((X, X.mean((1, 2, 3))), score=lambda o, y: (o - y).square(), metric="mse", unit="V²", goal="min")
"""
    file.write_text(text)
    table = made(tmp_path / "t.arrow", f"task:{file}:make")
    assert nasbed.benchmark(table).measure == "negative mse (V²)"
    assert len(made(tmp_path / "t.arrow", f"task:{file}:make")) == 3
    file.write_text(f"{text}\n# another")
    os.utime(file, (time.time() + 9, time.time() + 9))
    with pytest.raises(BadSetting, match="data_checksum was"):
        made(tmp_path / "t.arrow", f"task:{file}:make")


def test_a_folder_with_a_file_of_numbers_trains(tmp_path):
    image, rng = pytest.importorskip("PIL.Image"), np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for number in range(30):
        image.fromarray(np.full((8, 8), number, np.uint8) + rng.integers(9, size=(8, 8), dtype=np.uint8)).save(
            tmp_path / "pictures" / f"{number}.png"
        )
    lines = [f"{number}.png,{number / 3},{-number}" for number in range(30)]
    (tmp_path / "pictures" / "t.csv").write_text("\n".join(lines))
    table = made(tmp_path / "t.arrow", f"folder:{tmp_path / 'pictures'},targets=t.csv", sample=1)
    assert table.provenance["skeleton"]["classes"] == 2
    assert np.isfinite(table.measurement("mae", split="test").values(table.archs)).all()


def test_diagnostics_are_of_classifiers(arrays, tmp_path):
    with pytest.raises(BadSetting, match="judged by mae"):
        made(tmp_path / "t.arrow", arrays, diagnostics=True)
