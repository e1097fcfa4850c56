"""Latencies: of layers, measured once; of networks, their sums."""

from dataclasses import replace

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.latencies import Latencies, key_of
from nasbed.oneshot.extremes import extremes
from nasbed.oneshot.methods import METHODS
from nasbed.oneshot.searching import OneShot
from nasbed.spaces import WrittenSpace, choice, depth, op, seq

BLOCKS = depth(lambda i: op("mbconv", kernel=choice(3, 5), expand=choice(2, 4), channels=8), 1, 2, name="blocks")
SPACE = WrittenSpace(seq(op("stem", channels=8, stride=2), BLOCKS, op("head")), "elastic")
FRAME = {"image_size": 8, "image_channels": 1}


@pytest.fixture(scope="module")
def latencies():
    return Latencies.measured(blueprint_of(SPACE, **FRAME), repeats=2)


def test_a_network_takes_what_its_layers_take(latencies, tmp_path):
    blueprint = blueprint_of(SPACE, **FRAME)
    rows = SPACE.enumerate()
    found = latencies.of(blueprint, rows)
    for row, whole in zip(rows, found, strict=True):
        layers = [latencies.layers[key_of(layer)] for layer in blueprint.plan(row).layers()]
        assert whole == pytest.approx(sum(layers))
    assert (found > 0).all()
    made = replace(latencies, layers=dict.fromkeys(latencies.layers, 1.0))
    counts = [len(list(blueprint.plan(row).layers())) for row in rows]
    assert made.of(blueprint, rows).tolist() == counts
    again = Latencies.read(latencies.write(tmp_path / "here.json"))
    assert (again.layers, again.about) == (latencies.layers, latencies.about)


def test_other_networks_and_other_files_are_refused(latencies, tmp_path):
    with pytest.raises(BadSetting, match=r"was not measured; these latencies are of elastic.*nasbed latency"):
        latencies.of(blueprint_of(SPACE, image_size=16, image_channels=1), SPACE.enumerate()[:1])
    with pytest.raises(BadSetting, match="no supernet"):
        Latencies.measured(blueprint_of(nasbed.space("nasbench101"), **FRAME))
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(CorruptFile, match="file of latencies"):
        Latencies.read(tmp_path / "other.json")


def test_a_search_keeps_to_a_limit_of_latency(latencies, tmp_path):
    search = OneShot.of(replace(METHODS["sandwich"], batch=200), SPACE, "digits", 1)
    search.epoch()
    file, table = search.save(tmp_path / "net.safetensors"), latencies.write(tmp_path / "here.json")
    benchmark = nasbed.benchmark(
        f"inherited:{file}", latencies=str(table), normalisation="batch", images=64, executor="inline"
    )
    assert set(benchmark.cost_functions) >= {"params", "latency"}
    times = latencies.of(search.net.blueprint, np.stack(extremes(search.net.blueprint)))
    limit = float(times.mean())
    history = nasbed.search("random", benchmark, evaluations=4, limits={"latency": limit}, seed=1)
    heard = history.archs.reshape(-1, SPACE.decisions)[~np.isnan(history.value).ravel()]
    assert len(heard) == 4
    assert (latencies.of(search.net.blueprint, SPACE.canonical(heard)) <= limit).all()
