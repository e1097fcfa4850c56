"""Pooling: how often statistics over three data sets tell identical methods apart, on the published NAS-Bench-201."""

from dataclasses import replace

import numpy as np
import pytest

import nasbed
from nasbed.benchmarks.table import TableBenchmark
from nasbed.readers.csv import known_declaration
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.improvement import improvements
from nasbed.statistics.interquartile import interquartile_mean, interquartile_means
from nasbed.statistics.ranks import average_ranks
from nasbed.statistics.ranks_signed import signed_ranks
from nasbed.statistics.selected import selected, shared_seeds
from nasbed.tables.csv_import import import_csv

DATA = ("cifar10", "cifar100", "ImageNet16-120")
RUNS = (2, 3, 5, 10, 30)
GROUPS = 1000
POOL = 1500
EVALUATIONS = 30


@pytest.fixture(scope="module")
def benchmarks(shared_data, tmp_path_factory):
    file = shared_data / "nasbench201" / "seed888_test_accuracy.csv"
    table = import_csv(file, tmp_path_factory.mktemp("pooled") / "seed888.arrow", known_declaration(file.name))
    return [TableBenchmark(table, data=data) for data in DATA]


class Pools:
    """Many runs of one method under a seed for each method, from which groups of runs are drawn as if played.

    Where streams are shared, run k of a method has one seed on all data sets, and a group has the same runs on all.
    """

    def __init__(self, benchmarks, methods, shared, runs=POOL):
        self.shared, self.runs, self.random = shared, runs, np.random.default_rng(0)
        self.scales = [
            nasbed.compare(["random"], one, runs=1, evaluations=EVALUATIONS).normaliser for one in benchmarks
        ]
        self.played = [
            [last(one, 10 * method + (0 if shared else 1 + place), runs) for method in range(methods)]
            for place, one in enumerate(benchmarks)
        ]

    def group(self, runs):
        """Draw so many runs of each method; give a comparison for each data set."""
        places = range(len(self.played))
        drawn = [[self.random.integers(self.runs, size=runs) for _ in self.played[0]] for _ in places]
        return [
            Comparison(
                {f"m{k}": some(one, drawn[0 if self.shared else place][k]) for k, one in enumerate(self.played[place])},
                random_mean=self.scales[place],
            )
            for place in places
        ]


def last(benchmark, seed, runs):
    """Play runs of one method, and keep their last steps, which is all that is judged."""
    history = nasbed.search("local", benchmark, evaluations=EVALUATIONS, runs=runs, seed=seed)
    names = ("archs", "seconds", "epochs", "tried", "paid", "test", "mean_validation")
    ended = {name: getattr(history, name)[-1:] for name in names}
    return replace(history, value=history.metric("validation")[-1:], own_tests=None, answers=None, **ended)


def some(history, runs):
    """Take some runs of a history, by their numbers."""
    names = ("value", "archs", "seconds", "epochs", "tried", "paid", "test", "mean_validation")
    return replace(history, **{name: getattr(history, name)[:, runs] for name in names})


def apart(comparisons):
    """Which statistics tell any of identical methods apart."""
    return {
        "signed ranks": any(pair.apart for pair in signed_ranks(comparisons).pairs),
        "average ranks": average_ranks(comparisons).significant,
        "improvement": any(pair.apart for pair in improvements(comparisons).pairs),
        "signed ranks of benchmarks": any(pair.apart for pair in signed_ranks(comparisons, blocks="benchmarks").pairs),
        "average ranks of benchmarks": average_ranks(comparisons, blocks="benchmarks").significant,
    }


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "separate"])
@pytest.mark.parametrize("methods", [2, 4])
def test_identical_methods_are_told_apart_as_rarely_as_is_said(benchmarks, methods, shared):
    pools = Pools(benchmarks, methods, shared)
    found = {}
    for runs in RUNS:
        told = [apart(pools.group(runs)) for _ in range(GROUPS)]
        found |= {(runs, name): np.mean([one[name] for one in told]) for name in told[0]}
    assert {which: rate for which, rate in found.items() if rate > 0.075} == {}


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "separate"])
def test_intervals_over_data_sets_cover_what_they_are_of(benchmarks, shared):
    pools = Pools(benchmarks, 1, shared)
    true = interquartile_mean(ends(pools.group(30_000)).ravel())
    for runs in RUNS:
        intervals = [interquartile_means(pools.group(runs), resamples=500).intervals[0] for _ in range(GROUPS)]
        assert np.mean([np.isnan(one.low) or one.low <= true <= one.high for one in intervals]) >= 0.92, runs


def ends(comparisons):
    return np.stack([block[0] for block in selected(comparisons).blocks.values()])


@pytest.mark.slow
def test_runs_of_one_seed_go_together_over_data_sets_and_those_of_others_do_not(benchmarks):
    for shared, least, most in ((True, 0.2, 1.0), (False, -0.1, 0.1)):
        pools = Pools(benchmarks, 1, shared, runs=1000)
        assert bool(shared_seeds(pools.group(5))) is shared
        alike = np.corrcoef([one[0].value[0] for one in pools.played])[np.triu_indices(3, 1)]
        assert (least < alike).all()
        assert (alike < most).all()


@pytest.mark.slow
def test_the_usual_three_are_pooled_on_one_scale(benchmarks):
    comparisons = [
        nasbed.compare(["random", "local"], one, runs=100, evaluations=EVALUATIONS, seed=seed)
        for seed, one in enumerate(benchmarks)
    ]
    chosen = selected(comparisons)
    assert list(chosen.blocks) == [f"seed888:data={data}" for data in DATA]
    for block in chosen.blocks.values():
        assert block[0].mean() == pytest.approx(1, abs=4 * block[0].std() / 10), "random search is at 1 on each"
    (pair,) = signed_ranks(comparisons).pairs
    assert (pair.better, pair.apart) == ("local", True)
