"""Lineage: whoever breeds knows the parents, whatever order answers come in."""

import itertools

import numpy as np
import pytest

from nasbed.core import registry
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench201()
BENCHMARK = KeyedBenchmark(SPACE, failing=0.1)
BREEDERS = {
    "aging": ("regularized-evolution", {"population": 8, "sample": 3}, 1),
    "steady": ("evolutionary", {"population": 8, "tournament": 3}, 1),
    "generations": (
        "evolutionary",
        {"population": 8, "tournament": 4, "selected": 3, "replacement": "generational"},
        1,
    ),
    "unique": ("evolutionary", {"population": 8, "tournament": 3, "unique": True}, 1),
    "crossed": ("evolutionary", {"population": 8, "selection": "rank", "crossover": 1.0, "mutation": 0.0}, 2),
}


@pytest.mark.parametrize("how", [{}, {"workers": 5}, {"workers": 5, "scheduling": "synchronous"}], ids=str)
@pytest.mark.parametrize("breeder", BREEDERS)
def test_children_are_what_their_parents_make_of_them(breeder, how):
    name, settings, parents = BREEDERS[breeder]
    history = search(registry.optimizers.make(name, settings), BENCHMARK, SearchSettings(evaluations=80, runs=3, **how))
    children = 0
    for run in range(3):
        told = np.flatnonzero(history.tried[:, run])
        numbers = told if history.number is None else history.number[told, run]
        step_of = dict(zip(numbers.tolist(), told.tolist(), strict=True))
        for step in told:
            born = [int(number) for number in history.parents[step, run] if number >= 0]
            assert len(born) in (0, parents)
            assert all(step_of[number] < step for number in born), "a parent was told of after its child"
            if born:
                children += 1
                child = history.archs[step, run]
                family = [history.archs[step_of[number], run] for number in born]
                if parents == 1:
                    assert (child != family[0]).sum() == 1, "a mutation changes one operation"
                else:
                    assert ((child == family[0]) | (child == family[1])).all()
    assert children >= 3 * (80 - 8 - 5 - 4)


def test_a_line_leads_from_the_first_population_to_the_winner():
    optimizer = registry.optimizers.make("evolutionary", {"population": 6, "tournament": 6, "replacement": "plus"})
    history = search(optimizer, BENCHMARK, SearchSettings(evaluations=60, runs=2, workers=3))
    for run in range(2):
        line = history.lineage(run)
        assert line[-1] == history.incumbents[-1, run]
        assert (history.parents[line[0], run] == -1).all()
        for mother, child in itertools.pairwise(line):
            assert history.parents[child, run, 0] == history.number[mother, run]
