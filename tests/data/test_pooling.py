"""Pooling: how often statistics over three data sets tell identical methods apart, on the published NAS-Bench-201."""

from dataclasses import replace
from functools import cache

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
RUNS = 10
EVALUATIONS = 30


@pytest.fixture(scope="module")
def benchmarks(shared_data, tmp_path_factory):
    file = shared_data / "nasbench201" / "seed888_test_accuracy.csv"
    table = import_csv(file, tmp_path_factory.mktemp("pooled") / "seed888.arrow", known_declaration(file.name))
    return [TableBenchmark(table, data=data) for data in DATA]


def groups_of(benchmarks, methods, shared, groups):
    """Play one method under other names and seeds; give what each group of runs ended with, and what they share."""

    @cache
    def scale(benchmark):
        return nasbed.compare(["random"], benchmark, runs=1, evaluations=EVALUATIONS).normaliser

    def played(benchmark, method, place):
        seed = 10 * method + (0 if shared else 1 + place)
        return nasbed.search("local", benchmark, evaluations=EVALUATIONS, runs=RUNS * groups, seed=seed)

    whole = [[played(benchmark, k, j) for k in range(methods)] for j, benchmark in enumerate(benchmarks)]
    for group in range(groups):
        runs = slice(RUNS * group, RUNS * (group + 1))
        yield [
            Comparison(
                {f"m{k}": ended(history, runs) for k, history in enumerate(histories)},
                random_mean=scale(benchmark),
            )
            for benchmark, histories in zip(benchmarks, whole, strict=True)
        ]


def ended(history, runs):
    """Keep the last step of some runs, which is all that is judged."""
    names = ("archs", "seconds", "epochs", "tried", "paid", "test", "mean_validation")
    last = {name: getattr(history, name)[-1:, runs] for name in names}
    return replace(history, value=history.metric("validation")[-1:, runs], own_tests=None, answers=None, **last)


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
    found = [apart(comparisons) for comparisons in groups_of(benchmarks, methods, shared, 1000)]
    rates = {name: np.mean([one[name] for one in found]) for name in found[0]}
    assert {name: rate for name, rate in rates.items() if rate > 0.075} == {}


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "separate"])
def test_intervals_over_data_sets_cover_what_they_are_of(benchmarks, shared):
    groups = list(groups_of(benchmarks, 1, shared, 1000))
    ends = [np.concatenate(list(selected(some).blocks.values()), axis=1) for some in groups]
    true = interquartile_mean(np.concatenate(ends, axis=1))[0]
    intervals = [interquartile_means(comparisons).intervals[0] for comparisons in groups]
    assert np.mean([one.low <= true <= one.high for one in intervals]) >= 0.92


def test_runs_of_one_seed_go_together_over_data_sets_and_those_of_others_do_not(benchmarks):
    for shared, least, most in ((True, 0.2, 1.0), (False, -0.1, 0.1)):
        (comparisons,) = groups_of(benchmarks, 1, shared, 1)
        assert bool(shared_seeds(comparisons)) is shared
        ends = [
            nasbed.search("local", one, evaluations=EVALUATIONS, runs=1000, seed=0 if shared else place)
            for place, one in enumerate(benchmarks)
        ]
        alike = np.corrcoef([history.best_value for history in ends])[np.triu_indices(3, 1)]
        assert (least < alike).all()
        assert (alike < most).all()


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
