"""Local search against one run of it in plain Python."""

import numpy as np
import pytest

from nasbed.core.records import Evaluations
from nasbed.core.rng import Streams
from nasbed.optimizers.local import LocalSearch
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark


def plain_local_search(space, streams, evaluate, steps):
    """Play one run, and count how often it starts somewhere."""
    centre, best, untried, proposed, starts = None, -np.inf, [], [], 0
    for _ in range(steps):
        arch = None
        while untried and arch is None:
            near = space.moved(centre[None], np.array([untried.pop(0)]))[0]
            if space.valid(near[None])[0]:
                arch = near
        starting = arch is None
        if starting:
            arch = space.sample(streams)[0]
            starts += 1
        value = evaluate(arch)
        if value > (-np.inf if starting else best):
            centre, best, untried = arch, value, streams.permutation(len(space.moves))[0].tolist()
        proposed.append(arch)
    return np.array(proposed), starts


@pytest.mark.parametrize("vertices", [3, 5])
@pytest.mark.parametrize("failing", [0.0, 0.4])
def test_a_run_goes_to_the_first_better_neighbour_and_starts_again_where_there_is_none(vertices, failing):
    space = NASBench101(vertices)
    answers = KeyedBenchmark(space, failing)
    together = LocalSearch().start(space, Streams.from_seed(1, 4))
    played = []
    for _ in range(400):
        trials = together.ask()
        together.tell(trials, answers.query(trials.archs))
        played.append(trials.archs)
    for run in range(4):
        evaluate = lambda arch: answers.query(arch[None]).value[0]  # noqa: E731
        plain, starts = plain_local_search(space, Streams.from_seed(1, 1, run), evaluate, 400)
        np.testing.assert_array_equal(np.array(played)[:, run], plain)
        assert starts > 2, "the comparison has seen no restart"


def test_what_is_as_good_is_no_improvement():
    space = NASBench101(4)
    search = LocalSearch().start(space, Streams.from_seed(0, 1))
    start = search.ask()
    answers = KeyedBenchmark(space).query(start.archs)._replace(value=np.array([0.5]))
    search.tell(start, answers)
    for _ in range(len(space.neighbors(start.archs[0]))):
        trials = search.ask()
        assert (trials.archs != start.archs).sum() == 1, "the centre has moved"
        search.tell(trials, answers)


def heard(value):
    return Evaluations(np.array([value]), np.ones(1), np.ones(1, np.int64))


def differing(trials, arch):
    return int((trials.archs[0] != arch).sum())


def test_late_answers_about_neighbours_are_no_fresh_starts():
    space = NASBench101(6)
    search = LocalSearch().start(space, Streams.from_seed(0, 1))
    start = search.ask()
    search.tell(start, heard(0.5))
    centre = start.archs[0]
    near = [search.ask() for _ in space.neighbors(centre)]  # all of them out before any is told
    assert {differing(trials, centre) for trials in near} == {1}
    assert len({trials.archs.tobytes() for trials in near}) == len(near)
    search.tell(near[0], heard(0.4))  # the last neighbour is out, no start yet
    first, second = search.ask(), search.ask()
    assert min(differing(first, centre), differing(second, centre)) > 1
    for trials in near[1:-1]:
        search.tell(trials, heard(0.4))
    search.tell(second, heard(0.1))  # whichever start is answered first is where it stands
    search.tell(first, heard(0.05))
    search.tell(near[-1], heard(0.05))
    for _ in range(5):
        trials = search.ask()
        assert differing(trials, second.archs[0]) == 1
        search.tell(trials, heard(0.0))


def test_a_late_neighbour_that_is_better_is_gone_to():
    space = NASBench101(4)
    search = LocalSearch().start(space, Streams.from_seed(0, 1))
    start = search.ask()
    search.tell(start, heard(0.5))
    near = [search.ask() for _ in space.neighbors(start.archs[0])]
    elsewhere = search.ask()
    search.tell(near[3], heard(0.6))
    search.tell(elsewhere, heard(0.55))
    assert differing(search.ask(), near[3].archs[0]) == 1
