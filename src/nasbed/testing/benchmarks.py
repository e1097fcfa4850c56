"""The laws of benchmarks."""

from __future__ import annotations

import json

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NasbedError, NotInTable
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations
from nasbed.core.rng import Streams
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.statistics.random_search import expected_best
from nasbed.testing.law import DoesNotApply, Laws, refuses
from nasbed.testing.spaces import twins

benchmark_laws: Laws[Benchmark] = Laws("benchmark")
law, check_benchmark = benchmark_laws.law, benchmark_laws.check

_FEW = 200
_COSTED = 20  # for the peak of its memory a network is built


def _drawn(benchmark: Benchmark, seed: int, n: int = _FEW) -> Archs:
    return benchmark.space.sample(Streams.from_seed(seed, n, 0, "laws"))


def _same(a: Evaluations, b: Evaluations) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a[:3], b[:3], strict=True))


def _part(answers: Evaluations, rows: slice) -> Evaluations:
    return Evaluations(answers.value[rows], answers.seconds[rows], answers.epochs[rows])


@law
def answers_are_of_the_promised_form(benchmark: Benchmark, seed: int) -> None:
    """A row has a float64 value or NaN, if an accuracy in [0, 1], a time not below 0, and the epochs asked for."""
    archs = _drawn(benchmark, seed)
    assert list(benchmark.budgets) == sorted(set(benchmark.budgets)), f"budgets {benchmark.budgets} do not ascend"
    for epochs in (None, *benchmark.budgets):
        for streams in (None, Streams.from_seed(seed, _FEW)):
            value, seconds, trained = benchmark.query(archs, epochs, streams)[:3]
            assert value.shape == seconds.shape == trained.shape == (_FEW,)
            assert value.dtype == seconds.dtype == np.float64
            assert trained.dtype == np.int64
            there = value[~np.isnan(value)]
            if benchmark.measure == "accuracy":
                assert ((there >= 0) & (there <= 1)).all(), "a validation accuracy lies outside [0, 1]"
            assert not (seconds < 0).any(), "a training took less than no time"
            assert (trained == (benchmark.budgets[-1] if epochs is None else epochs)).all()


@law
def without_streams_nothing_is_random(benchmark: Benchmark, seed: int) -> None:
    """Without streams the same question has the same answer; so it has with streams at the same word."""
    archs = _drawn(benchmark, seed)
    assert _same(benchmark.query(archs), benchmark.query(archs)), "asked twice, it answers differently"
    a, b = (benchmark.query(archs, None, Streams.from_seed(seed, _FEW)) for _ in range(2))
    assert _same(a, b), "asked twice with the same streams, it answers differently"


@law
def rows_do_not_influence_each_other(benchmark: Benchmark, seed: int) -> None:
    """A row is answered as if it were asked alone, with streams and without, whatever the order."""
    archs = _drawn(benchmark, seed)
    whole, drawn = benchmark.query(archs), benchmark.query(archs, None, Streams.from_seed(seed, _FEW))
    turned = benchmark.query(archs[::-1])
    assert _same(whole, _part(turned, slice(None, None, -1))), "in another order, answers differ"
    for k in range(0, _FEW, 20):
        alone = benchmark.query(archs[k : k + 1], None, Streams.from_seed(seed, 1, k))
        assert _same(alone, _part(drawn, slice(k, k + 1))), f"row {k} is answered differently alone"


@law
def without_streams_the_mean_of_the_outcomes_is_given(benchmark: Benchmark, seed: int) -> None:
    """The answer without streams is the mean of what streams may draw, and they draw nothing else."""
    archs = _drawn(benchmark, seed)
    for epochs in benchmark.budgets:
        outcomes = benchmark.outcomes(archs, epochs)
        if outcomes is None:
            raise DoesNotApply(f"{benchmark.name} does not list its outcomes")
        there = ~np.isnan(outcomes).all(axis=1)
        np.testing.assert_allclose(benchmark.query(archs, epochs).value[there], np.nanmean(outcomes[there], axis=1))
        drawn = benchmark.query(archs, epochs, Streams.from_seed(seed, _FEW)).value[:, None]
        known = (outcomes == drawn) | (np.isnan(outcomes) & np.isnan(drawn))
        assert known.any(axis=1).all(), "streams drew a value that is not among the outcomes"


@law
def isomorphic_architectures_are_answered_alike(benchmark: Benchmark, seed: int) -> None:
    """An architecture written another way, its vertices renumbered perhaps, has its answer and its test accuracy."""
    archs = _drawn(benchmark, seed)
    again = twins(benchmark.space, archs, seed)
    assert _same(benchmark.query(archs), benchmark.query(again)), "equal architectures are answered differently"
    np.testing.assert_array_equal(benchmark.test(archs), benchmark.test(again))


@law
def budgets_that_are_not_there_are_refused(benchmark: Benchmark, seed: int) -> None:
    """Epochs that are no budget raise NotInTable, given as one number or for each row."""
    archs, absent = _drawn(benchmark, seed, 2), max(benchmark.budgets) + 1
    wanted = np.array([benchmark.budgets[0], absent])
    refuses(NotInTable, benchmark.query, archs, absent)
    refuses(NotInTable, benchmark.query, archs, wanted)
    refuses(NotInTable, benchmark.test, archs, absent)


@law
def what_is_no_architecture_is_refused(benchmark: Benchmark, seed: int) -> None:
    """A row that is not valid, alone or among others, or is of another width raises an error of nasbed's."""
    space = benchmark.space
    rows = (Streams.from_seed(seed, 4_000).uniform(space.decisions) * space.cardinalities).astype(np.int8)
    invalid = rows[~space.valid(rows)]
    if len(invalid):
        among_others = np.concatenate([_drawn(benchmark, seed), invalid[:1]])
        for wrong in (invalid[:1], among_others, among_others[::-1]):
            refuses(NasbedError, benchmark.query, wrong)
            refuses(NasbedError, benchmark.test, wrong)
    for width in (space.decisions - 1, space.decisions + 1):
        refuses(NasbedError, benchmark.query, np.zeros((2, width), np.int8))


@law
def costs_are_one_number_an_architecture(benchmark: Benchmark, seed: int) -> None:
    """Each cost that it knows is a positive float64 for each architecture; of others it says what it knows."""
    archs = _drawn(benchmark, seed, _COSTED)
    for name in benchmark.costs:
        cost = benchmark.cost(name, archs)
        assert cost.shape == (_COSTED,), f"{name} is not one number an architecture"
        assert cost.dtype == np.float64
        assert (cost >= 0).all(), f"{name} is negative"
        np.testing.assert_array_equal(cost[:7], benchmark.cost(name, archs[:7]))
    refuses(BadSetting, benchmark.cost, "beauty", archs)


@law
def test_results_are_not_in_answers(benchmark: Benchmark, seed: int) -> None:
    """No answer to a query is the architectures' test accuracy."""
    archs = _drawn(benchmark, seed)
    test = benchmark.test(archs)
    if np.isnan(test).all():
        raise DoesNotApply(f"{benchmark.name} has no test results")
    if "caution" in benchmark.describe():
        raise DoesNotApply(f"{benchmark.name} has no other accuracies, and every figure says so")
    assert test.shape == (_FEW,)
    assert not np.allclose(test, benchmark.query(archs).value, equal_nan=True), "queries answer with test accuracies"


@law
def the_optimum_is_the_best_there_is(benchmark: Benchmark, seed: int) -> None:
    """The optimum is the greatest mean validation and the greatest mean test accuracy of the whole space."""
    if not benchmark.space.is_enumerable or np.isnan(benchmark.optimum()).any():
        raise DoesNotApply(f"{benchmark.name} does not know its optimum, or its space cannot be enumerated")
    everything = benchmark.space.enumerate()
    for epochs in (None, *benchmark.budgets):
        values = benchmark.query(everything, epochs).value, benchmark.test(everything, epochs)
        best = [np.fmax.reduce(some) for some in values]  # NaN of a split on which nothing was measured by then
        np.testing.assert_allclose(benchmark.optimum(epochs), best)


@law
def random_search_is_what_its_closed_form_says(benchmark: Benchmark, seed: int) -> None:
    """The mean best of n random draws is the one that follows from order statistics, within its error."""
    try:
        chances = benchmark.space.probabilities()
    except NotImplementedError as error:
        raise DoesNotApply(str(error)) from None
    outcomes = benchmark.outcomes(benchmark.space.enumerate())
    if outcomes is None:
        raise DoesNotApply(f"{benchmark.name} does not list its outcomes")
    method: Optimizer = RandomSearch()
    draws = np.array([1, 2, 5, 10, 20, 50])
    history = search(method, benchmark, SearchSettings(evaluations=int(draws[-1]), runs=2_000, seed=seed))
    best = np.fmax.accumulate(history.value, axis=0)[draws - 1]
    deviation = np.nanstd(best, axis=1) / np.sqrt(np.sum(~np.isnan(best), axis=1))
    off = np.abs(np.nanmean(best, axis=1) - expected_best(outcomes, chances, draws))
    assert (off <= 5.0 * deviation + 1e-12).all(), f"off by {(off / deviation).round(1)} standard errors at n = {draws}"


@law
def descriptions_are_plain(benchmark: Benchmark, seed: int) -> None:
    """What a benchmark says of itself goes through JSON and names it."""
    said = json.loads(json.dumps(benchmark.describe()))
    assert said["name"] == benchmark.name
