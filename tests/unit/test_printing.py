"""Printing: every public object says what it is in a few lines, without an address, and has a table for notebooks."""

import importlib
import inspect
import pkgutil
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from made_runs import ended
from toy import ToyBenchmark

import nasbed
from nasbed import landscape, nets, statistics
from nasbed.compat import nasbench, nats_bench
from nasbed.core.executor import Outcome
from nasbed.core.printing import LINES
from nasbed.core.registry import executors, optimizers, predictors, proxies, spaces, stores
from nasbed.core.rng import Streams
from nasbed.factory import Selection
from nasbed.nets.data.source import load
from nasbed.oneshot import METHODS, OneShot
from nasbed.proxies import Probe
from nasbed.run import History, SearchSettings
from nasbed.run.search import search
from nasbed.studies import Results, Study
from nasbed.testing import space_laws

ROOMS = [room.name for room in pkgutil.iter_modules(nasbed.__path__) if room.ispkg]
MAKERS = ("optimizer", "proxy", "space", "benchmark")
DIGITS = nasbed.benchmark("digits101")


def public_classes(room):
    """Give every class that a room exports: no errors, and no protocols, of which nothing is made."""
    package = importlib.import_module(f"nasbed.{room}")
    found = [one for name in package.__all__ if inspect.isclass(one := getattr(package, name))]
    return [one for one in found if not issubclass(one, Exception) and not getattr(one, "_is_protocol", False)]


def compared():
    finals = {"a": [0.9, 0.8, 0.95, 0.85], "b": [0.7, 0.6, 0.5, 0.55], "c": [0.7, 0.75, 0.6, 0.65]}
    return ended(finals)


def bits():
    return landscape.Landscape.of(DIGITS)


def unattached():
    return search(optimizers.read("random"), DIGITS, SearchSettings(evaluations=3))


def started(name):
    return optimizers.read(name).start(DIGITS.space, Streams.from_seed(0, 500), DIGITS.budgets)


def trained(**settings):
    return nasbed.benchmark("trained:digits:nasbench101:vertices=3", **settings)


def history(**settings):
    return nasbed.search("regularized-evolution:population=5,sample=2", DIGITS, **{"evaluations": 12, **settings})


STATISTICS = (
    *("anytime_areas", "average_ranks", "equivalences", "improvements", "interquartile_means", "optimality_gaps"),
    *("performance_profiles", "relative_improvements", "runs_needed", "signed_ranks", "times_to_targets"),
    "winners_curse",
)

MADE = {
    **{
        f"nasbed.{name}": lambda name=name: getattr(nasbed, name)
        for name in ("optimizer", "proxy", "space", "benchmark")
    },
    "history": lambda: history(runs=20),
    "history of one run": history,
    "history of costs": lambda: history(objectives=["params"], limits={"params": 3000}),
    "history that nothing is attached to": lambda: search(
        optimizers.read("random"), DIGITS, SearchSettings(evaluations=3)
    ),
    "empty history": lambda: History(
        DIGITS.space, {}, *(np.zeros((0, 2, *end)) for end in ([9], [], [], [], [], [])), optimum=(1.0, 1.0)
    ),
    "comparison": compared,
    "comparison of many": lambda: ended({f"search number {i}, with a long name": [0.1 * i, 0.2] for i in range(30)}),
    "results": lambda: Results.of(Study.of({"optimizers": ["local"], "search": {"evaluations": 9}}), "nowhere"),
    "table benchmark": lambda: DIGITS,
    "toy benchmark": ToyBenchmark,
    "training benchmark": trained,
    "scoring benchmark": lambda: nasbed.benchmark("scored:naswot:nasbench201:digits"),
    "table": lambda: DIGITS.table,
    "modules of a table": lambda: DIGITS.table.modules,
    "measurement": lambda: DIGITS.table.measurement(split="test"),
    "measure": lambda: DIGITS.table.measurement(split="test").measure,
    "column": lambda: next(iter(DIGITS.table.columns.values())),
    "evaluations of one": lambda: DIGITS.query(DIGITS.space.enumerate()[:1]),
    "evaluations of many": lambda: DIGITS.query(DIGITS.space.enumerate()),
    "graph": lambda: DIGITS.space.graph(DIGITS.space.enumerate()[99]),
    "part of a space": lambda: DIGITS.space.only(DIGITS.space.enumerate()[::7]),
    "streams": lambda: Streams.from_seed(0, 500),
    "registry": lambda: optimizers,
    "outcome": lambda: Outcome("1", list(range(1000))),
    "settings": lambda: nasbed.SearchSettings(evaluations=3),
    "selection": Selection,
    "study": lambda: Study.of({"name": "small", "runs": 10, "optimizers": ["local"], "search": {"evaluations": 20}}),
    "landscape": bits,
    "neighbourhood": lambda: bits().neighbourhood,
    "data": lambda: load("digits"),
    "task": lambda: load("digits").task,
    "blueprint": lambda: nets.blueprint_of(DIGITS.space),
    "supernet": lambda: nasbed.supernet("nasbench201", channels=4, cells=1),
    "one-shot method": lambda: METHODS["darts"],
    "one-shot search": lambda: OneShot.of("darts", "nasbench201", "digits", 1, channels=4, cells=1),
    "recipe": nets.Recipe,
    "costs of a network": lambda: nets.Costs(1, 2, 3),
    "probe": lambda: Probe(torch.nn.Linear(3, 2), torch.zeros(4, 3)),
    "laws": lambda: space_laws,
    "compat.NASBench": lambda: nasbench.NASBench(DIGITS.table),
    "compat.ModelSpec": lambda: nasbench.ModelSpec([[0, 1], [0, 0]], ["input", "output"]),
    "compat drawing": lambda: nasbench.ModelSpec([[0, 1], [0, 0]], ["input", "output"]).visualize(),
    "compat structure": lambda: nats_bench.topology_str2structure("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
    **{f"optimizer {name}": lambda name=name: optimizers.read(name) for name in optimizers},
    **{f"started {name}": lambda name=name: started(name) for name in ("local", "evolutionary", "bohb")},
    **{f"space {name}": lambda name=name: spaces.read(name) for name in spaces},
    **{f"proxy {name}": lambda name=name: proxies.read(name) for name in proxies},
    **{f"executor {name}": lambda name=name: executors.read(name) for name in ("inline",)},
    **{f"store {name}": lambda name=name: stores.read(name) for name in ("memory",)},
    **{f"statistics.{name}": lambda name=name: getattr(statistics, name)(compared()) for name in STATISTICS},
    **{f"predictor {name}": lambda name=name: nasbed.predictor(name, DIGITS.space) for name in predictors},
    "separation": lambda: compared().separated(),
    "trade-offs": lambda: statistics.trade_offs(
        nasbed.compare(["random"], DIGITS, evaluations=9, objectives=["params"])
    ),
    "fronts": lambda: statistics.Fronts.of(history(objectives=["params"], runs=3), DIGITS),
    "exact front": lambda: statistics.exact_front(DIGITS, ["params"]),
}


class Page(HTMLParser):
    """Notes the tags that are open, and what would be loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe")
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", MADE)
def test_an_object_prints_a_few_lines_without_an_address(name):
    text = str(MADE[name]())
    assert text.strip()
    assert len(text.splitlines()) <= LINES
    assert not re.search(r"\bat 0x[0-9a-f]+", text)


@pytest.mark.parametrize("name", [name for name in MADE if not name.startswith("nasbed.")])
def test_an_object_shows_a_piece_of_a_page_that_loads_nothing(name):
    page = Page()
    page.feed(MADE[name]()._repr_html_())
    assert not page.open
    assert page.text.strip()
    assert not re.search(r"\bat 0x[0-9a-f]+", page.text)


@pytest.mark.parametrize("room", ROOMS)
def test_a_public_class_says_how_its_objects_print(room):
    for public in public_classes(room):
        assert public.__repr__ is not object.__repr__, public
        assert public._repr_html_, public
