"""Inherited weights as a benchmark: what a saved supernet says of architectures, and who may search it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_searches import CELL, few_digits, search

import nasbed
from nasbed.benchmarks.inherited import InheritedBenchmark, inherited_scores
from nasbed.benchmarks.resolve import resolve
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.data.source import load
from nasbed.oneshot import OneShot
from nasbed.oneshot.inheriting import Inherited
from nasbed.oneshot.saving import load_supernet
from nasbed.scores.asked import Asked

QUICK = {"executor": "inline", "calibration": 100, "images": 200}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("supernets")
    made = search("spos")
    for epoch in (1, 2):
        made.epoch()
        made.save(folder / f"after{epoch}.safetensors")
    return made, folder / "after2.safetensors"


def test_a_supernet_comes_back_from_its_file_as_it_was(saved):
    made, path = saved
    net, facts = load_supernet(path)
    assert all(map(torch.equal, net.state_dict().values(), made.net.state_dict().values()))
    assert net.space == CELL
    assert facts["epoch"] == 2
    assert facts["settings"]["normalisation"] == "recalibrated"


def test_what_decides_its_answers_is_the_file(saved):
    made, path = saved
    benchmark = InheritedBenchmark(path, **QUICK)
    rows = CELL.enumerate()[[5, 13, 26]]
    judge = Inherited(made.net, load("digits"), "recalibrated", 64, 100)
    assert benchmark.query(rows).value.tolist() == [judge(row, most=200) for row in rows]
    assert benchmark.test(rows).tolist() == [judge(row, "test") for row in rows]


@pytest.mark.slow
def test_normalisation_is_a_setting_of_the_benchmark(saved):
    _, path = saved
    rows = CELL.enumerate()[10:20]
    one, other = (resolve(f"inherited:{path}:normalisation={mode}", **QUICK) for mode in ("batch", "recalibrated"))
    assert one.describe()["normalisation"] == "batch"
    assert (one.query(rows).value != other.query(rows).value).any()


class Known(Benchmark):
    """Knows test results."""

    name, space, budgets = "known", CELL, (1,)

    def query(self, archs, epochs=None, streams=None):
        raise AssertionError("a search is told what the supernet says")

    def test(self, archs, epochs=None):
        return 0.5 + 0.01 * archs.sum(1)


def test_every_optimizer_searches_it_and_reports_what_a_benchmark_knows(saved):
    _, path = saved
    benchmark = InheritedBenchmark(path, Known(), **QUICK)
    history = nasbed.search("regularized-evolution:population=4,sample=2", benchmark, evaluations=8, seed=0)
    assert history.steps == 8
    assert history.metric("test")[-1].tolist() == Known().test(history.best).tolist()


def test_what_does_not_fit_is_refused(saved, tmp_path):
    _, path = saved
    with pytest.raises(BadSetting, match="write inherited:FILE, with a supernet that a search saved"):
        resolve("inherited:nowhere.safetensors")
    with pytest.raises(BadSetting, match="there is no file"):
        InheritedBenchmark(tmp_path / "none.safetensors")
    with pytest.raises(BadSetting, match=r"the supernet is of .*, digits101 is of .*; give one of that"):
        resolve(f"inherited:{path}:digits101")
    damaged = tmp_path / "damaged.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(CorruptFile):
        InheritedBenchmark(damaged)
    with pytest.raises(BadSetting, match="normalisation 'tracked' reads averages of the supernet's training"):
        InheritedBenchmark(path, **{**QUICK, "normalisation": "tracked"}).query(CELL.enumerate()[:1])


def test_supernets_of_one_training_are_scores_in_the_order_of_their_epochs(saved):
    made, path = saved
    found = inherited_scores([path, path.with_name("after1.safetensors")], Asked(sample=5), **QUICK)
    assert list(found.columns) == ["epoch 1", "epoch 2", "params", "flops"]
    judge = Inherited(made.net, load("digits"), "recalibrated", 64, 100)
    assert found["epoch 2"].tolist() == [judge(row, most=200) for row in found.archs]


def test_tracked_averages_go_with_the_supernet(tmp_path):
    made = search("spos", normalisation="tracked").run()
    made.save(tmp_path / "tracked.safetensors")
    benchmark = InheritedBenchmark(tmp_path / "tracked.safetensors", **{**QUICK, "normalisation": "tracked"})
    row = CELL.enumerate()[20]
    assert benchmark.query(row[None]).value[0] == Inherited(made.net, load("digits"), "tracked")(row, most=200)
    with pytest.raises(BadSetting, match="the supernet has none; make it with tracked=True"):
        OneShot(nasbed.supernet(CELL, image_size=8, image_channels=1), replace(made.method), few_digits(), 1)


@pytest.mark.slow
def test_a_predictor_learns_how_inherited_scores_go_with_the_truth(saved):
    _, path = saved
    rows = CELL.enumerate()
    scores = InheritedBenchmark(path, **QUICK).query(rows).value
    encoding = f'inherited:file="{path}",images=200,calibration=100,executor=inline'
    made = nasbed.predictor("gp", CELL, encoding=encoding, target="standardised").fit(rows, 0.2 + 0.5 * scores)
    mean, _ = made.predict(rows)
    assert np.corrcoef(mean, scores)[0, 1] > 0.999
    with pytest.raises(BadSetting, match="inherited scores are of a supernet; name its file"):
        nasbed.predictor("gp", CELL, encoding="inherited").fit(rows, scores)


def test_a_supernet_whose_options_read_a_share_is_judged_by_the_batch(tmp_path):
    made = search("pc-darts").run()
    benchmark = InheritedBenchmark(made.save(tmp_path / "shared.safetensors"), **QUICK)
    row = CELL.enumerate()[20]
    assert benchmark.query(row[None]).value[0] == Inherited(made.net, load("digits"), "batch")(row, most=200)
