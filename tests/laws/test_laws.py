"""Every registered space, benchmark, optimizer, store and executor keeps the laws of its noun."""

from functools import cache

import numpy as np
import pytest

from nasbed.core import registry
from nasbed.core.errors import NotInTable
from nasbed.core.records import Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.random import RandomSearch
from nasbed.spaces import WrittenSpace, choice, dag, depth, edges, op, seq, subset, where
from nasbed.spaces.choices import Choices
from nasbed.spaces.model import ModelSpace
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing import (
    DoesNotApply,
    benchmark_laws,
    executor_laws,
    optimizer_laws,
    space_laws,
    store_laws,
)
from nasbed.testing.keyed import KeyedBenchmark
from nasbed.testing.settings import what_a_setting_may_not_be_is_refused

LONG = ("nevergrad", "optuna", "pymoo", "ray", "filtered", "guided", "bananas", "npenas", "nas-bowl", "smac")
"""Slow: their own tests hold them to less of it, and quickly."""


NAMED = ("bananas", "npenas", "nas-bowl", "smac")
OF_NAMED = (
    "what_a_setting_may_not_be_is_refused",
    "proposals_are_valid",
    "a_search_goes_on_from_its_state",
    "another_process_plays_the_same_bytes",
)
"""Settings of guided that have names are held to these laws: guided itself keeps all."""


def each(names, laws, at_once=None):
    """Every name with every law; borrowed methods, and laws that are not among those at once, are slow tests."""
    return pytest.mark.parametrize(
        ("name", "law"),
        [
            pytest.param(name, law, id=f"{name}-{law}", marks=[pytest.mark.slow] * slow)
            for name in names
            for law in laws
            if name not in NAMED or law.name in OF_NAMED
            for slow in [name.startswith(LONG) or (at_once is not None and law.name not in at_once)]
        ],
    )


@cache
def made(make, *words):
    """Make what all laws of a worker are held to: it does not change, and some takes seconds to make or to use once."""
    return make(*words)


def hold(law, subject):
    try:
        law(subject)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


@pytest.mark.slow_where("hierarchical-simplified", "hierarchical-another_way", "darts-another_way")
@each(registry.spaces, space_laws)
def test_space(name, law):
    hold(law, made(registry.spaces.read, name))


OTHER_SPACES = {
    "smallest": lambda: NASBench101(vertices=2),
    "narrow": lambda: NASBench101(vertices=4, edges=4, operations=("only",)),
    "not-numbered": lambda: NASBench101(vertices=9, edges=12),
}


@each(OTHER_SPACES, space_laws)
def test_space_with_other_settings(name, law):
    hold(law, made(OTHER_SPACES[name]))


def is_light(network):
    """Say whether the widths of a network's layers add up to little."""
    return sum(layer.settings["width"] for layer in network.parts) <= 48


def two_levels():
    motifs = [edges(3, lambda i, j: choice(*map(op, "abc"))) for _ in range(2)]
    top = edges(3, lambda i, j: choice(op("none"), *motifs))
    return seq(op("stem"), top, op("reduce"), top)


WRITTEN = {
    "cell": lambda: registry.spaces.make("nasbench201", {}).written,
    "depth": lambda: seq(*(depth(lambda i: op("block", k=choice(3, 5), w=choice(8, 16)), 1, 2, 4) for _ in range(2))),
    "inputs": lambda: dag({j: subset(2, *[choice(op("a"), op("b")) for _ in range(j)]) for j in (2, 3)}, inputs=2),
    "constraint": lambda: where(seq(*[op("conv", width=choice(8, 16, 32)) for _ in range(4)]), is_light),
    "levels": two_levels,
    "large": lambda: seq(*[depth(lambda i: op("block", k=choice(3, 5, 7)), 2, 3, 4) for _ in range(5)]),
}


def written_as(name, sampling="rows"):
    written = WRITTEN[name]()
    return WrittenSpace(getattr(written, "expression", written), name, sampling=sampling)


@each(WRITTEN, space_laws)
def test_written_space(name, law):
    hold(law, made(written_as, name))


@each(["depth", "constraint"], space_laws, at_once=["probabilities_are_those_of_sampling"])
def test_written_space_sampled_by_decisions(name, law):
    hold(law, made(written_as, name, "decisions"))


def asked_when(name, given=(), when=(), values=(3, 5, 7)):
    return {"name": name, "values": values, **({"given": list(given), "when": list(when)} if given else {})}


MODELS = {
    "both": [asked_when("kind"), asked_when("depth"), asked_when("heads", ["kind", "depth"], [[1, 1], [1, 2], [2, 0]])],
    "not-asked": [asked_when("a"), asked_when("b", ["a"], [[0]]), asked_when("c", ["b"], [[-1], [2]])],
    "large": [asked_when(f"b{i}") for i in range(16)] + [asked_when(f"c{i}", [f"b{i}"], [[1]]) for i in range(8)],
}


@pytest.mark.parametrize("law", space_laws, ids=str)
def test_space_of_choices(law):
    hold(law, Choices({"width": (16, 32, 64), "fixed": (1,), "act": ("relu", None), "rate": (0.1, 0.01)}))


def model_of(name):
    return ModelSpace(f"{name}.py:build", MODELS[name])


@pytest.mark.slow_where("large-")
@each(MODELS, space_laws)
def test_space_of_a_model(name, law):
    hold(law, made(model_of, name))


def part_of(space, count):
    """Some architectures of a space, in no order."""
    return space.only(space.archs_of(np.random.default_rng(0).permutation(space.size)[:count]))


PARTS = {
    "half-of-201": lambda: part_of(registry.spaces.make("nasbench201", {}), 7_812),
    "some-of-101": lambda: part_of(NASBench101(vertices=5), 500),
    "some-of-natssize": lambda: part_of(registry.spaces.make("natssize", {}), 5_000),
    "not-numbered": lambda: NASBench101(vertices=9, edges=12).only(
        NASBench101(vertices=9, edges=12).sample(Streams.from_seed(0, 300))
    ),
    "of-a-part": lambda: (half := part_of(NASBench101(vertices=5), 1_200)).only(half.rows[::3]),
    "one": lambda: part_of(NASBench101(vertices=5), 1),
    "two": lambda: part_of(registry.spaces.make("nasbench201", {}), 2),
    "three": lambda: part_of(NASBench101(vertices=5), 3),
    "some-of-written": lambda: part_of(WrittenSpace(WRITTEN["depth"](), "depth"), 200),
    "some-of-a-model": lambda: part_of(model_of("both"), 9),
    "isolated": lambda: registry.spaces.make("nasbench201", {}).only([[0] * 6, [1] * 6, [2] * 6]),
}


@pytest.mark.slow_where("some-of-written-", "half-of-201-", "some-of-natssize-", "of-a-part-")
@each(PARTS, space_laws)
def test_part_of_a_space(name, law):
    hold(law, made(PARTS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("law", space_laws, ids=str)
def test_20001_of_the_423624_modules(law):
    hold(law, part_of(NASBench101(), 20_001))


@each(registry.benchmarks, benchmark_laws)
def test_benchmark(name, law):
    try:
        benchmark = made(registry.benchmarks.read, name)
    except NotInTable as reason:
        pytest.skip(str(reason))
    hold(law, benchmark)


@pytest.mark.parametrize("failing", [0.0, 0.3], ids=["", "failing"])
@pytest.mark.parametrize("law", benchmark_laws, ids=str)
def test_benchmark_that_laws_are_tried_on(law, failing):
    hold(law, KeyedBenchmark(NASBench101(vertices=5), failing))


LESS = {
    "bananas": {"predictor": "mlp-ensemble:members=2,layers=2,epochs=5"},
    "smac": {"predictor": "random-forest:trees=3"},
    "filtered": {"tries": 3},
    "guided-hyperband": {"predictor": "gp:steps=5"},
}
"""Laws play thousands of steps; with what is published they would fit networks for hours."""


# quick ones of these are held to AT_ONCE, below
@pytest.mark.slow_where(
    "hyperband-",
    "dehb-",
    "asha-",
    "scalarisation-",
    "reinforce-",
    "nsga2-",
    "simulated-annealing-",
    "successive-halving-",
)
@each(registry.optimizers, optimizer_laws)
def test_optimizer(name, law):
    hold(law, registry.optimizers.make(name, LESS.get(name, {})))


OTHER_OPTIMIZERS = {
    "random-once": ("random", {"replacement": False}),
    "bohb-resumed": ("bohb", {"continuation": "resume", "min_points": 3, "random_fraction": 0.0}),
    "dehb-resumed": ("dehb", {"continuation": "resume", "eta": 2, "mutation_factor": 0.9}),
    "reinforce-plain": ("reinforce", {"ascent": "sgd", "learning_rate": 0.1}),
    "halving-resumed": ("successive-halving", {"continuation": "resume", "architectures": 20, "eta": 2}),
    "hyperband-resumed": ("hyperband", {"continuation": "resume", "max_epochs": 9}),
    "asha-resumed": ("asha", {"continuation": "resume", "min_epochs": 2}),
    "asha-stopping": ("asha", {"kind": "stopping", "continuation": "resume"}),
    "young-evolution": ("regularized-evolution", {"population": 3, "sample": 1}),
    "repeating-evolution": ("regularized-evolution", {"population": 6, "sample": 9, "distinct": False}),
    "generations": (
        "evolutionary",
        {"population": 6, "replacement": "generational", "elitism": 1, "selection": "roulette", "crossover": 0.5},
    ),
    "tournament-with-replacement": (
        "evolutionary",
        {"population": 8, "tournament": 6, "selected": 3, "distinct": False, "replacement": "random", "offspring": 2},
    ),
    "unique-comma": (
        "evolutionary",
        {"population": 4, "replacement": "comma", "selection": "rank", "mutation": 0.7, "unique": True, "tries": 3},
    ),
    "aging-middle": (
        "evolutionary",
        {"population": 7, "selection": "middle", "replacement": "oldest", "elitism": 2, "offspring": 3},
    ),
    "truncation": (
        "evolutionary",
        {"population": 8, "selection": "best", "selected": 3, "crossover": 1.0, "replacement": "plus"},
    ),
    "tabu": ("local", {"improvement": "best", "tabu": 3, "patience": 3}),
    "one-reheating": ("simulated-annealing", {"temperature": 0.3, "patience": 5, "restarts": 1}),
    "pymoo-differential": ("pymoo", {"algorithm": "DE", "population": 8, "tries": 2}),
    "nsga2-with-copies": ("nsga2", {"population": 6, "crossover": 0.5, "mutation": 0.5, "unique": False}),
    "scalarised-young": ("scalarisation", {"population": 3, "sample": 2, "rho": 0.0}),
}


AT_ONCE = ("proposals_are_valid",)
# The others are held for each optimizer's ordinary settings and on whole spaces.


@each(OTHER_OPTIMIZERS, optimizer_laws, AT_ONCE)
def test_optimizer_with_other_settings(name, law):
    registered, settings = OTHER_OPTIMIZERS[name]
    hold(law, registry.optimizers.make(registered, settings))


@each(registry.optimizers, optimizer_laws, AT_ONCE)
def test_optimizer_on_a_part_of_a_space(name, law):
    part = PARTS["some-of-101"]()
    settings = {"optuna": {"sampler": "RandomSampler"}, **LESS}  # its default takes 20 ms for what is refused
    optimizer = registry.optimizers.make(name, settings.get(name, {}))
    hold(law, optimizer.start(part, Streams.from_seed(0, 1), (1, 3, 9, 27)))


class Ending(RandomSearch):
    """Has nothing left to propose after a while, and then leaves rows that are no architectures."""

    def reset(self):
        super().reset()
        self._left = 100

    def ask(self):
        self._left -= 1
        trials = super().ask()
        if self._left < 0:
            return Trials(np.zeros_like(trials.archs), active=np.zeros(self.runs, bool))
        return trials

    def state(self):
        return {**super().state(), "left": self._left}

    def load_state(self, state):
        super().load_state(state)
        self._left = state["left"]


@pytest.mark.parametrize("law", optimizer_laws, ids=str)
def test_optimizer_that_comes_to_an_end(law):
    hold(law, Ending())


class Careless(RandomSearch):
    """Takes whatever it is given."""

    def __post_init__(self):
        pass


def test_an_optimizer_that_takes_any_setting_breaks_the_law():
    with pytest.raises(AssertionError, match=r"replacement=.* is taken"):
        what_a_setting_may_not_be_is_refused(Careless(), 0)


@each(registry.stores, store_laws)
def test_store(name, law):
    hold(law, registry.stores[name])


@each(registry.executors, executor_laws)
def test_executor(name, law, request):
    if name == "ray":
        request.getfixturevalue("ray_here")  # starting a cluster for each law would take longer than the laws
    hold(law, registry.executors[name])
