"""The laws of spaces."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NasbedError
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.space import Space
from nasbed.testing.law import DoesNotApply, Laws, must_be_importable, refuses

space_laws: Laws[Space] = Laws("space")
law, check_space = space_laws.law, space_laws.check

_FEW, _MANY = 60, 20_000
_BINS = 97  # over which draws are compared with their chances; a prime, so that neighbours in the order are parted


def _streams(seed: int, runs: int, first: int = 0) -> Streams:
    return Streams.from_seed(seed, runs, first, "laws")


def _relatives(space: Space, seed: int) -> Archs:
    """Draw architectures and some of their neighbours: among these, equal ones are not rare."""
    drawn = space.sample(_streams(seed, _FEW))
    return np.concatenate([drawn, *(space.neighbors(arch)[:4] for arch in drawn[: _FEW // 3])])


def _are_rows(space: Space, archs: Archs, rows: int) -> None:
    assert archs.dtype == np.int8, f"architectures are int8, not {archs.dtype}"
    assert archs.shape == (rows, space.decisions), f"{(rows, space.decisions)} expected, not {archs.shape}"
    assert ((archs >= 0) & (archs < space.cardinalities)).all(), "a decision lies outside its cardinality"
    assert space.valid(archs).all(), f"not valid: {archs[~space.valid(archs)][0].tolist()}"


@law
def samples_are_valid_and_differ(space: Space, seed: int) -> None:
    """What is sampled is a valid row of int8, and not always the same."""
    archs = space.sample(_streams(seed, _FEW))
    _are_rows(space, archs, _FEW)
    assert space.size == 1 or len(np.unique(archs, axis=0)) > 1, "every stream drew the same architecture"


@law
def children_are_valid(space: Space, seed: int) -> None:
    """Mutation and crossover give valid rows and leave the parents as they were."""
    streams = _streams(seed, _FEW)
    mothers, fathers = space.sample(streams), space.sample(streams)
    before = mothers.copy(), fathers.copy()
    _are_rows(space, space.mutate(mothers, streams), _FEW)
    _are_rows(space, space.crossover(mothers, fathers, streams), _FEW)
    assert (mothers == before[0]).all(), "the mothers were changed in place"
    assert (fathers == before[1]).all(), "the fathers were changed in place"


@law
def children_take_after_their_parents(space: Space, seed: int) -> None:
    """Each decision of a child is the mother's or the father's, neither decides all, and mutants come to differ."""
    streams = _streams(seed, _FEW)
    mothers, fathers = space.sample(streams), space.sample(streams)
    children = space.crossover(mothers, fathers, streams)
    inherited = (children == mothers) | (children == fathers) | ~space.active(children)
    assert inherited.all(), "a decision is neither the mother's nor the father's"
    if (mothers != fathers).any():
        assert (children != mothers).any(), "every child is its mother's copy"
        assert (children != fathers).any(), "every child is its father's copy"
    assert space.size == 1 or (space.mutate(mothers, streams) != mothers).any(), "no mutant differs from its parent"


@law
def a_run_depends_on_its_own_stream_alone(space: Space, seed: int) -> None:
    """Run k samples, mutates and crosses as it would alone, and leaves its stream at the same word."""
    together = _streams(seed, 8)
    mothers, fathers = space.sample(together), space.sample(together)
    mutants, children = space.mutate(mothers, together), space.crossover(mothers, fathers, together)
    for k in range(8):
        alone = _streams(seed, 1, first=k)
        mother, father = space.sample(alone), space.sample(alone)
        mutant, child = space.mutate(mother, alone), space.crossover(mother, father, alone)
        for many, one in ((mothers, mother), (fathers, father), (mutants, mutant), (children, child)):
            assert (many[k] == one[0]).all(), f"run {k} does something else when it is played alone"
        assert together.positions[k] == alone.positions[0], f"run {k} reads more or fewer words when played alone"


@law
def text_names_the_architecture(space: Space, seed: int) -> None:
    """``parse`` reads what ``format`` writes as an equal architecture, which is written the same."""
    for arch in space.sample(_streams(seed, _FEW)):
        text = space.format(arch)
        again = space.parse(text)
        _are_rows(space, again[None], 1)
        assert (space.key(again[None]) == space.key(arch[None])).all(), f"{text!r} is read as another architecture"
        assert space.format(again) == text, f"{text!r} is written {space.format(again)!r} the second time"


@law
def equal_indices_mean_isomorphic_graphs(space: Space, seed: int) -> None:
    """Two architectures have one index exactly when their graphs are isomorphic; without indices, one key.

    In a space that ``is_by_row``, when their canonical rows are the same; then their graphs are isomorphic, too.
    """
    archs = _relatives(space, seed)
    graphs, keys = [space.graph(arch) for arch in archs], space.key(archs)
    assert keys.dtype == np.uint64, f"keys are uint64, not {keys.dtype}"
    numbers: NDArray[np.integer] = space.index(archs) if space.is_enumerable else keys
    what = "indices" if space.is_enumerable else "keys"
    rows = space.canonical(archs).tolist()
    for i, graph in enumerate(graphs):
        for j in range(i):
            same = rows[i] == rows[j] if space.is_by_row else graph.isomorphic(graphs[j])
            assert same == bool(numbers[i] == numbers[j]), (
                f"{space.format(archs[i])} and {space.format(archs[j])} have {what} {numbers[i]} and {numbers[j]}"
            )
            assert not same or graph.isomorphic(graphs[j]), f"{space.format(archs[i])} has two graphs"


@law
def another_way_to_write_it_has_the_same_key(space: Space, seed: int) -> None:
    """Rows of one architecture, its vertices renumbered where they can be, are valid and have one key and graph."""
    archs = space.sample(_streams(seed, 4 * _FEW))
    again = twins(space, archs, seed)
    _are_rows(space, again, len(archs))
    for one, other, same in zip(archs, again, space.key(archs) == space.key(again), strict=True):
        assert same, f"{space.format(one)} and {space.format(other)} are one architecture with two keys"
        assert space.graph(one).isomorphic(space.graph(other)), f"{space.format(one)} is not {space.format(other)}"


@law
def simplified_rows_compute_the_same(space: Space, seed: int) -> None:
    """``simplify`` gives a valid row of the same function, itself when simplified, and one for all ways to write it."""
    archs = space.sample(_streams(seed, _FEW))
    simple, again = space.simplify(archs), space.simplify(twins(space, archs, seed))
    _are_rows(space, simple, len(archs))
    assert (space.function_key(simple) == space.function_key(archs)).all(), "a simplified row has another function"
    assert (space.simplify(simple) == simple).all(), "what is simplified is simplified to something else"
    assert (again == simple).all(), "two ways to write an architecture are simplified to different rows"


@law
def neighbors_are_all_that_is_one_decision_away(space: Space, seed: int) -> None:
    """The neighbours are the valid rows that differ in one active decision, canonical, each once."""
    for arch in space.canonical(space.sample(_streams(seed, 5))):
        expected = set()
        for i in np.flatnonzero(space.active(arch[None])[0]):
            for value in range(space.cardinalities[i]):
                near = arch.copy()
                near[i] = value
                if value != arch[i] and space.valid(near[None])[0]:
                    expected.add(tuple(space.canonical(near[None])[0].tolist()))
        near = space.neighbors(arch)
        found = [tuple(row) for row in near.tolist()]
        assert near.dtype == np.int8
        assert len(found) == len(set(found)), "a neighbour is given twice"
        assert set(found) == expected, f"{len(found)} neighbours, but {len(expected)} rows are one decision away"


@law
def neighbors_are_mutual(space: Space, seed: int) -> None:
    """If b is one decision away from a, then a is one decision away from b, if both have the same ones active."""
    for a in space.canonical(space.sample(_streams(seed, 5))):
        near = space.neighbors(a)
        for b in near[(space.active(near) == space.active(a[None])).all(axis=1)][:8]:
            assert a.tolist() in space.neighbors(b).tolist(), f"{b.tolist()} does not lead back to {a.tolist()}"


def _everything(space: Space) -> Archs:
    if not space.is_enumerable:
        raise DoesNotApply(f"{space.name} does not number its architectures")
    return space.enumerate()


@law
def enumeration_is_the_whole_space_once(space: Space, seed: int) -> None:
    """``enumerate`` gives ``size`` valid rows in the order of ``index``, and ``archs_of`` any of them."""
    archs = _everything(space)
    _are_rows(space, archs, space.size or 0)
    assert (space.index(archs) == np.arange(len(archs))).all(), "index does not number the rows as enumerated"
    some = _streams(seed, _FEW).integers(len(archs))[:, 0]
    again = space.archs_of(some)
    _are_rows(space, again, _FEW)
    assert (again == archs[some]).all(), "archs_of gives other rows than enumerate"


@law
def index_tells_apart_what_key_tells_apart(space: Space, seed: int) -> None:
    """Any row's index leads to a row of ``enumerate`` with its key: ``index`` is as fine as ``key``, or finer."""
    everything, archs = _everything(space), _relatives(space, seed)
    index, keys = space.index(archs), space.key(archs)
    assert ((index >= 0) & (index < len(everything))).all(), "a valid row has no number"
    assert (space.key(everything[index]) == keys).all(), "two rows of one index have different keys"


@law
def unique_has_each_key_once(space: Space, seed: int) -> None:
    """``unique`` gives, of all rows that have one key, the first that ``enumerate`` gives."""
    archs, unique = _everything(space), space.unique()
    _are_rows(space, unique, len(unique))
    keys, first = np.unique(space.key(archs), return_index=True)
    assert len(unique) == len(keys), f"{len(unique)} unique rows, but {len(keys)} different keys"
    assert (space.index(unique) == np.sort(first)).all(), "a unique row is not the first of its key"


@law
def invalid_rows_have_no_number(space: Space, seed: int) -> None:
    """``index`` is −1 exactly where ``valid`` says no."""
    _everything(space)
    draws = (_streams(seed, 2_000).uniform(space.decisions) * space.cardinalities).astype(np.int8)
    assert ((space.index(draws) < 0) == ~space.valid(draws)).all(), "index and valid disagree on what is valid"


@law
def values_out_of_bounds_are_not_valid(space: Space, seed: int) -> None:
    """A row with one decision below 0, or just above its greatest value, is not valid and has no number."""
    archs = space.sample(_streams(seed, _FEW))
    rows = np.arange(_FEW)
    decision = rows % space.decisions
    for value in (space.cardinalities[decision], -1):
        wrong = archs.copy()
        wrong[rows, decision] = value
        assert not space.valid(wrong).any(), f"called valid: {wrong[space.valid(wrong)][0].tolist()}"
        if space.is_enumerable:
            assert (space.index(wrong) == -1).all(), "what is not valid has a number"


@law
def each_decision_has_a_name_of_its_own(space: Space, seed: int) -> None:
    """There is a slot for each decision, with another name than all others and as many values as the decision."""
    names = [slot.name for slot in space.slots]
    assert len(set(names)) == space.decisions, f"{space.decisions} decisions have {len(set(names))} different names"
    assert [len(slot.values) for slot in space.slots] == space.cardinalities.tolist()
    assert space.cardinalities.max() <= 127, "a decision has more values than an int8 holds"


@law
def inactive_decisions_do_not_matter(space: Space, seed: int) -> None:
    """Whatever an inactive decision holds, the row is valid and has the same key, index, text and graph."""
    archs = space.canonical(space.sample(_streams(seed, _FEW)))
    active = space.active(archs)
    if active.all():
        raise DoesNotApply(f"all decisions of {space.name} are active")
    assert (archs[~active] == 0).all(), "an inactive decision of a canonical row is not 0"
    drawn = (_streams(seed, _FEW, _FEW).uniform(space.decisions) * space.cardinalities).astype(np.int8)
    others = np.where(active, archs, drawn)
    _are_rows(space, others, _FEW)
    assert (space.active(others) == active).all(), "what is inactive decides what is active"
    assert (space.canonical(others) == archs).all(), "the canonical row is another one"
    assert (space.key(others) == space.key(archs)).all(), "the key is another one"
    assert not space.is_enumerable or (space.index(others) == space.index(archs)).all(), "the index is another one"
    assert space.texts(others) == space.texts(archs), "the text is another one"
    assert [space.graph(arch) for arch in others] == [space.graph(arch) for arch in archs], "the graph is another one"


@law
def settings_make_the_space_again(space: Space, seed: int) -> None:
    """The settings, sent through JSON, make an equal space, and so does copying one that was used."""
    archs = space.sample(_streams(seed, _FEW))
    keys = space.key(archs)
    for again in (type(space)(**json.loads(json.dumps(space.settings()))), copy.deepcopy(space)):
        assert again == space, f"{again!r} is not {space!r}"
        assert hash(again) == hash(space)
        assert (again.key(archs) == keys).all(), "the space made again has other keys"


@law
def a_used_space_is_pickled(space: Space, seed: int) -> None:
    """A space that has answered goes to another process, and answers the same there."""
    must_be_importable(type(space))
    archs = space.sample(_streams(seed, _FEW))
    keys = space.key(archs)
    again = pickle.loads(pickle.dumps(space))
    assert again == space, f"{again!r} is not {space!r}"
    assert (again.key(archs) == keys).all(), "the pickled space has other keys"


@law
def probabilities_are_those_of_sampling(space: Space, seed: int) -> None:
    """``probabilities`` sums to 1 and agrees with how often each architecture is drawn."""
    _everything(space)
    try:
        chances = space.probabilities()
    except NotImplementedError as error:
        raise DoesNotApply(str(error)) from None
    assert chances.shape == (space.size,)
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(), 1.0, rtol=1e-9)
    drawn = space.index(space.sample(_streams(seed, _MANY)))
    expected = _MANY * _binned(np.arange(len(chances)), chances)
    counted = _binned(drawn, np.ones(_MANY))
    assert (counted[expected == 0] == 0).all(), "something was drawn that has no chance"
    there = expected > 0
    surprise = float(((counted - expected)[there] ** 2 / expected[there]).sum())
    freedom = int(there.sum()) - 1
    limit = freedom + 6.0 * np.sqrt(2.0 * freedom) + 20.0  # once in millions of seeds
    assert surprise < limit, f"χ² of {_MANY} draws over {freedom + 1} groups is {surprise:.0f}; at most {limit:.0f}"


def _binned(index: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(index % _BINS, weights, _BINS).astype(np.float64)


@law
def what_is_no_architecture_is_refused(space: Space, seed: int) -> None:
    """Rows of a wrong width and text that names nothing raise an error of nasbed's."""
    wide = np.zeros((2, space.decisions + 1), np.int8)
    arch = space.sample(_streams(seed, 1))
    calls: list[tuple[Callable[[Any], object], object]] = [
        (space.valid, wide),
        (space.key, wide),
        (space.graph, wide[0]),
        (space.neighbors, wide[0]),
        (space.neighbors, arch),
        (space.parse, "no architecture at all"),
        (space.parse, ""),
        *((space.archs_of, np.array([index])) for index in (space.size, -1) if space.is_enumerable),
    ]
    for method, wrong in calls:
        refuses(NasbedError, method, wrong)


def twins(space: Space, archs: Archs, seed: int) -> Archs:
    """Give an equal row for each row, often another one: renumbered where the space embeds graphs, else read again."""
    graphs = [space.graph(arch) for arch in archs]
    chances = Streams.from_seed(seed, len(archs), 0, "twins").uniform(max(graph.vertices for graph in graphs))
    try:
        rows = [
            space.embed(graph.permuted(_order(graph, chance))) for graph, chance in zip(graphs, chances, strict=True)
        ]
    except NotImplementedError:
        rows = [space.parse(space.format(arch)) for arch in archs]
    return np.array(rows)


def _order(graph: Graph, chance: NDArray[np.float64]) -> list[int]:
    """Number the vertices anew: each after those that lead to it, the first first and the last last."""
    waiting, order = set(range(graph.vertices)), list[int]()
    while waiting:
        ready = [v for v in waiting if waiting.isdisjoint(graph.predecessors(v))]
        order.append(min(ready, key=lambda v: (v != 0, v == graph.vertices - 1, chance[v])))
        waiting.remove(order[-1])
    return order
