"""Local search against one run of it in plain Python."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.climbing.local import LocalSearch
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


@pytest.mark.slow_where("0.0-3", "0.4-3")
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


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_trials_are_numbered():
    search = LocalSearch().start(NASBench101(4), Streams.from_seed(0, 2))
    assert [search.ask().number.tolist() for _ in range(3)] == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize("space", [NASBench101(3), NASBench101(5)], ids=["small", "larger"])
def test_without_numbers_it_does_the_same_when_each_trial_is_told_at_once(space):
    answers = KeyedBenchmark(space, failing=0.2)
    numbered, bare = (LocalSearch().start(space, Streams.from_seed(2, 3)) for _ in range(2))
    for _ in range(300):
        trials, same = numbered.ask(), bare.ask()
        np.testing.assert_array_equal(trials.archs, same.archs)
        numbered.tell(trials, answers.query(trials.archs))
        bare.tell(Trials(same.archs), answers.query(same.archs))


def test_a_stranger_must_be_better_even_while_starts_are_out():
    space = NASBench101(4)
    search = LocalSearch().start(space, Streams.from_seed(0, 1))
    search.tell(search.ask(), heard(0.5))
    centre = search._centre[0].copy()
    for _ in space.neighbors(centre):
        search.tell(search.ask(), heard(0.1))
    start = search.ask()
    stranger = space.sample(Streams.from_seed(7, 1))
    search.tell(Trials(stranger, number=np.array([-1])), heard(0.4))
    search.tell(start, heard(0.2))  # which is worse than where it stood, but a start
    assert differing(search.ask(), start.archs[0]) == 1
    search.tell(Trials(stranger, number=np.array([-1])), heard(0.3))
    assert differing(search.ask(), stranger[0]) == 1


# ── best improvement, restarts, tabu ──────────────────────────────────────────────────────────────────────────


def plain_variant(space, streams, evaluate, steps, settings):
    """Play one run of any variant; give what is proposed, None from when there is nothing left."""
    tabu, patience, restarts = settings.get("tabu", 0), settings.get("patience", 10), settings.get("restarts")
    centre, value, untried, proposed = None, None, [], []
    best, changed, moved, record, record_at, used = None, {}, 0, None, 0, -1
    starting, noted = False, 0

    def stand(arch, heard, fresh):
        nonlocal centre, value, untried, best, moved, record, record_at, changed
        moved += 1
        if fresh:
            changed, record = {}, -np.inf
        else:
            changed.update({int(i): moved for i in np.flatnonzero(arch != centre)})
        if heard > record:
            record, record_at = heard, moved
        centre, value, best = arch, heard, None
        untried = streams.permutation(len(space.moves))[0].tolist()

    def consider(arch, heard):
        """Take an answer in; a failure changes nothing."""
        nonlocal starting, best
        if np.isnan(heard):
            return
        if starting:
            starting = False
            stand(arch, heard, True)
        elif settings.get("improvement") != "best" and heard > value:
            stand(arch, heard, False)
        elif best is None or heard > best[1]:
            best = arch, heard

    def candidate():
        """Give the next architecture to look at; None where the run is over."""
        nonlocal starting, used
        while not starting and centre is not None:
            if not untried:
                if not (best and (best[1] > value or (tabu and moved - record_at < patience))):
                    break
                stand(*best, False)
            move = untried.pop(0)
            near = space.moved(centre[None], np.array([move]))[0]
            if space.valid(near[None])[0] and moved - changed.get(int(space.moves[move, 0]), -999) >= tabu:
                return near
        if not starting:
            used += 1
            starting = True
        return None if restarts is not None and used > restarts else space.sample(streams)[0]

    memory = {}
    while noted < steps:
        arch = candidate()
        while arch is not None and (number := int(space.index(arch[None])[0])) in memory:
            consider(arch, memory[number])
            arch = candidate()
        if arch is None:
            return [*proposed, None]
        heard = evaluate(arch)
        proposed.append(arch)
        noted += 1
        if settings.get("remember"):
            memory[number] = heard
        consider(arch, heard)
    return proposed


@pytest.mark.slow_where("0.3-True", "0.3-best", "0.3-1")
@pytest.mark.parametrize(
    "settings",
    [
        {"improvement": "best"},
        {"improvement": "best", "restarts": 2},
        {"restarts": 0},
        {"restarts": 3},
        {"tabu": 1},
        {"tabu": 3, "patience": 4},
        {"tabu": 2, "improvement": "best", "restarts": 1, "patience": 3},
        {"remember": True},
        {"remember": True, "improvement": "best", "tabu": 1, "patience": 3},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
@pytest.mark.parametrize("failing", [pytest.param(0.0, marks=pytest.mark.slow), 0.3])
def test_variants_against_plain_python(settings, failing):
    space, runs, steps = NASBench101(5 if "remember" in settings else 4), 4, 250
    answers = KeyedBenchmark(space, failing)
    search = LocalSearch(**settings).start(space, Streams.from_seed(4, runs))
    asked = []
    for _ in range(steps):
        trials = search.ask()
        active = np.ones(runs, bool) if trials.active is None else trials.active
        asked.append([trials.archs[run].tolist() if active[run] else None for run in range(runs)])
        search.tell(trials, answers.query(np.where(active[:, None], trials.archs, space.enumerate()[-1:])))
    ended = 0
    for run in range(runs):
        evaluate = lambda arch: answers.query(arch[None]).value[0]  # noqa: E731
        plain = plain_variant(space, Streams.from_seed(4, 1, run), evaluate, steps, settings)
        ended += plain[-1] is None
        for step, arch in enumerate(plain):
            assert asked[step][run] == (None if arch is None else arch.tolist()), f"run {run} differs at step {step}"
        assert all(row[run] is None for row in asked[len(plain) :]), "a run went on after its end"
    assert (ended > 0) == ("restarts" in settings), "no run was seen to end"


def test_the_best_neighbour_is_gone_to_when_all_have_been_asked_for():
    space = NASBench101(4)
    search = LocalSearch("best").start(space, Streams.from_seed(0, 1))
    start = search.ask()
    search.tell(start, heard(0.5))
    near = [search.ask() for _ in space.neighbors(start.archs[0])]
    for place, trials in enumerate(near[:-1]):
        assert differing(trials, start.archs[0]) == 1
        search.tell(trials, heard(0.6 + 0.1 * (place == 2)))
    assert differing(search.ask(), near[2].archs[0]) == 1, "it waits for the last"
    search.tell(near[-1], heard(0.9))  # too late to be the next, but better than what there is
    while differing(search.ask(), near[2].archs[0]) == 1:
        pass
    assert (search._centre == near[-1].archs).all()


@pytest.mark.parametrize("tabu", [0, 2])
def test_a_late_answer_counts_while_a_start_is_out_if_it_is_better(tabu):
    space = NASBench101(4)
    search = LocalSearch("best", tabu=tabu, patience=1).start(space, Streams.from_seed(0, 1))
    start = search.ask()
    search.tell(start, heard(0.5))
    near = [search.ask() for _ in space.neighbors(start.archs[0])]
    elsewhere = search.ask()
    search.tell(near[0], heard(0.4))
    assert differing(search.ask(), start.archs[0]) != 1, "what is worse is no reason to stay"
    search.tell(near[1], heard(0.6))
    assert differing(search.ask(), near[1].archs[0]) == 1
    search.tell(elsewhere, heard(0.55))  # a start no longer
    assert (search._centre == near[1].archs).all()


def test_answers_about_an_earlier_neighbourhood_do_not_lead_back_to_it():
    space = NASBench101(4)
    search = LocalSearch(tabu=1).start(space, Streams.from_seed(0, 1))
    search.tell(search.ask(), heard(0.5))
    late, better = search.ask(), search.ask()
    search.tell(better, heard(0.7))
    search.tell(late, heard(0.4))
    near = []
    while differing(trials := search.ask(), better.archs[0]) == 1:
        near.append(trials)
        search.tell(trials, heard(0.1 + 0.01 * len(near)))
    assert differing(trials, near[-1].archs[0]) == 1, "it went to another than the best neighbour"


@pytest.mark.slow
def test_what_is_remembered_is_not_proposed_again():
    space, steps = NASBench101(4), 80
    answers = KeyedBenchmark(space)
    search = LocalSearch(remember=True).start(space, Streams.from_seed(0, 3))
    asked = []
    for _ in range(steps):
        trials = search.ask()
        asked.append(space.index(trials.archs))
        search.tell(trials, answers.query(trials.archs))
    for run in range(3):
        assert len({row[run] for row in asked}) == steps
    for _ in range(30):  # and when everything is known, it proposes again what it knows
        trials = search.ask()
        assert space.valid(trials.archs).all()
        search.tell(trials, answers.query(trials.archs))


def test_where_all_fails_a_tabu_search_starts_again():
    space = NASBench101(3)
    search = LocalSearch(tabu=2).start(space, Streams.from_seed(0, 1))
    start = search.ask()
    search.tell(start, heard(0.5))
    for _ in space.neighbors(start.archs[0]):
        search.tell(search.ask(), heard(np.nan))
    assert not search._starts.starting[0]
    search.ask()
    assert search._starts.starting[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"improvement": "any"}, "improvement is one of first, best, not 'any'"),
        ({"restarts": -1}, "restarts is a whole number from 0 or none"),
        ({"restarts": "some"}, "not 'some'"),
        ({"tabu": -1}, "tabu is a whole number from 0"),
        ({"patience": 0}, "patience is a whole number from 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        LocalSearch(**settings)


def test_not_everything_can_be_tabu():
    space = NASBench101(3)
    LocalSearch(tabu=space.decisions - 1).start(space, Streams.from_seed(0, 1))
    with pytest.raises(BadSetting, match="all of 4 decisions could be tabu"):
        LocalSearch(tabu=space.decisions).start(space, Streams.from_seed(0, 1))
