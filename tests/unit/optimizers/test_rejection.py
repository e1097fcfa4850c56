"""Drawing until a row is valid."""

import numpy as np

from nasbed.core.rng import Streams
from nasbed.optimizers.rejection import first_valid
from nasbed.spaces.nasbench101 import NASBench101

SPACE = NASBench101(vertices=5)


def rows(streams, count):
    drawn = (streams.uniform(count * SPACE.decisions).reshape(len(streams), count, -1) * SPACE.cardinalities).astype(
        np.int8
    )
    return drawn, drawn.sum(axis=2)


def test_each_run_gets_its_first_valid_row_and_what_came_with_it():
    runs, streams = np.array([1, 2, 4]), Streams.from_seed(0, 5)
    found, (chosen, sums) = first_valid(SPACE, streams, runs, lambda _, count, some: rows(some, count))
    assert found.all()
    np.testing.assert_array_equal(sums, chosen.sum(axis=1))
    for k, run in enumerate(runs):
        alone = rows(Streams.from_seed(0, 1, run), 100)[0][0]
        first = SPACE.valid(alone).argmax()
        np.testing.assert_array_equal(chosen[k], alone[first])
        drawn = 2 ** int(np.ceil(np.log2(first + 2))) - 1  # 1, 3, 7, …
        assert streams.positions[run] == drawn * SPACE.decisions
    assert (streams.positions[[0, 3]] == 0).all()


def test_it_gives_up_after_1023_rows_and_says_so():
    def draw(places, count, some):
        drawn = rows(some, count)[0]
        drawn[places == 0] = 0  # an empty module is none
        return (drawn,)

    streams = Streams.from_seed(0, 2)
    found, _ = first_valid(SPACE, streams, np.arange(2), draw)
    assert found.tolist() == [False, True]
    assert streams.positions[0] == 1023 * SPACE.decisions
