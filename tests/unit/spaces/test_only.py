"""A part of a space: what is listed, what is drawn from it, and what is said where nothing can be."""

import json
import time

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.rng import Streams
from nasbed.optimizers.climbing.annealing import SimulatedAnnealing
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.run.history import History
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import KeyedBenchmark
from nasbed.testing.spaces import twins

CELLS, MODULES = NASBench201(), NASBench101(vertices=5)
ISOLATED = np.array([[0] * 6, [1] * 6, [2] * 6], np.int8)


def test_equal_architectures_are_one_and_the_first_is_kept():
    rows = MODULES.sample(Streams.from_seed(0, 40))
    again = twins(MODULES, rows, 1)
    part = MODULES.only(np.concatenate([rows, again]))
    numbers = MODULES.index(rows)
    assert part.size == len(set(numbers.tolist()))
    np.testing.assert_array_equal(part.index(again), part.index(rows))
    first = np.sort(np.unique(numbers, return_index=True)[1])
    np.testing.assert_array_equal(part.enumerate(), rows[first])
    others = MODULES.enumerate()[~np.isin(np.arange(MODULES.size), numbers)]
    assert not part.valid(others).any()


def test_a_part_plays_on_like_the_whole_but_for_what_is_not_listed():
    chosen = np.random.default_rng(0).permutation(CELLS.size)[:7_812]
    part = CELLS.only(CELLS.archs_of(chosen))
    streams = Streams.from_seed(0, 2_000)
    parents = part.sample(streams)
    children = part.mutate(parents, streams)
    assert (np.count_nonzero(children != parents, axis=1) == 1).all()  # as in the whole space: a decision each
    assert not streams.fallbacks
    for arch in parents[:20]:
        near = CELLS.neighbors(arch)
        np.testing.assert_array_equal(part.neighbors(arch), near[np.isin(CELLS.index(near), chosen)])


@pytest.mark.parametrize(
    "optimizer", [RegularizedEvolution(5, 2), pytest.param(SimulatedAnnealing(), marks=pytest.mark.slow)], ids=str
)
def test_what_has_no_neighbour_falls_back_and_it_is_said(optimizer, tmp_path):
    part = CELLS.only(ISOLATED)
    history = search(optimizer, KeyedBenchmark(part), SearchSettings(evaluations=30, runs=4, seed=1))
    counts = history.info["fallbacks"]
    assert len(counts) == 4
    assert min(counts) >= 10
    alone = search(optimizer, KeyedBenchmark(part), SearchSettings(evaluations=30, first_run=2, seed=1))
    assert alone.info["fallbacks"] == [counts[2]]
    assert history.notes == [
        f"{sum(counts)} times, in 4 of 4 runs, a method led to nothing that the space has, and drew from all of it"
    ]
    again = History.from_parquet(history.to_parquet(tmp_path / "played.parquet"))
    assert again.space == part
    assert again.notes == history.notes


@pytest.mark.parametrize("workers", [1, 3])
def test_what_a_benchmark_lacks_is_refused_on_demand(workers):
    benchmark = KeyedBenchmark(part := CELLS.only(CELLS.archs_of(np.arange(0, CELLS.size, 4))))
    how = {"workers": workers, "absent": "refuse", "limits": {"params": 6.0}, "seed": 2}
    history = search(RegularizedEvolution(5, 2), benchmark, SearchSettings(evaluations=40, runs=3, **how)).attach(
        benchmark
    )
    assert history.space == CELLS
    np.testing.assert_array_equal(history.paid.sum(axis=0), 40)
    lacking = history.tried & ~part.valid(history.archs.reshape(-1, 6)).reshape(history.tried.shape)
    assert (lacking & history.refused == lacking).all()
    assert history.info["refused"]["absent"] == lacking.sum(axis=0).tolist()
    assert history.info["refused"]["unsupported"] == [0, 0, 0]
    assert lacking.any(axis=0).all()
    assert (history.excess[history.paid] <= 0).all()
    with pytest.raises(BadSetting, match="absent is one of hide, refuse, not 'skip'"):
        search(RegularizedEvolution(), benchmark, SearchSettings(evaluations=1, absent="skip"))
    lost = KeyedBenchmark(CELLS.only(ISOLATED))
    with pytest.raises(BadSetting, match="20 proposals in a row were refused; keyed lacks 20"):
        search(RegularizedEvolution(), lost, SearchSettings(evaluations=9, absent="refuse", patience=20))


def test_a_search_goes_on_counting_from_its_state():
    part, method = CELLS.only(ISOLATED), RegularizedEvolution(2, 2)
    answers, counts = KeyedBenchmark(part), []
    for pause in (20, 7):
        player = method.start(part, Streams.from_seed(0, 3))
        for step in range(20):
            if step == pause:
                state = player.state_dict()
                player = RegularizedEvolution(2, 2).start(part, Streams.from_seed(9, 3))
                player.load_state_dict(state)
            trials = player.ask()
            player.tell(trials, answers.query(trials.archs))
        counts.append([player.streams.fallbacks[key] for key in player.streams.keys.tolist()])
    assert counts[0] == counts[1] == [18, 18, 18]


def test_a_space_that_lists_nothing_or_what_is_not_there_is_refused():
    with pytest.raises(BadSetting, match="list at least one"):
        CELLS.only(np.zeros((0, 6), np.int8))
    with pytest.raises(InvalidArchitecture, match="architecture 1 of 2 is not valid"):
        MODULES.only(np.array([MODULES.enumerate()[7], np.zeros(MODULES.decisions)], np.int8))
    part = CELLS.only(ISOLATED)
    with pytest.raises(InvalidArchitecture, match="is not among the 3 architectures that are listed"):
        part.parse("#0")
    with pytest.raises(InvalidArchitecture, match="not among the 3"):
        part.only(CELLS.archs_of(np.array([0])))
    with pytest.raises(BadSetting, match="not written as a space writes them"):
        nasbed.space("only", **part.settings() | {"rows": "ab"})


def test_settings_are_short_and_descriptions_shorter():
    whole = NASBench101(vertices=5)
    part = whole.only(whole.archs_of(np.arange(0, 2_532, 3)))
    assert len(json.dumps(part.settings())) < 3 * part.size  # two bytes a row, five letters for four bytes
    assert len(json.dumps(part.describe())) < 600
    assert part.describe()["checksum"] != whole.only(part.rows[1:]).describe()["checksum"]


@pytest.mark.slow
def test_20001_of_the_423624_modules_are_quick():
    whole = NASBench101()
    rows = whole.archs_of(np.random.default_rng(0).permutation(whole.size)[:20_001])
    start = time.perf_counter()
    part = whole.only(rows)
    settings = json.dumps(part.settings())
    assert type(part)(**json.loads(settings)) == part
    assert time.perf_counter() - start < 1.0
    assert len(settings) < 110_000
    streams = Streams.from_seed(0, 500)
    start = time.perf_counter()
    for _ in range(10):
        part.mutate(part.sample(streams), streams)
    assert (time.perf_counter() - start) / 10 < 0.1
