"""Checklist: the best practices of Lindauer and Hutter, filled in from what the histories say of themselves.

The 14 practices are those of their paper, in its order and with its numbers, in our words. A history knows nothing of a
link to one's code or of how settings were chosen: such things are marked as missing, to be added by whoever writes.

Reference: Lindauer and Hutter, "Best Practices for Scientific Research on Neural Architecture Search", JMLR 21(243),
2020, https://jmlr.org/papers/v21/20-056.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from nasbed.core.differences import differences
from nasbed.core.registry import optimizers
from nasbed.report.page.parts import Section, Table
from nasbed.report.words import CLOCKS, along, clocks, number, value
from nasbed.run.history import History
from nasbed.run.settings import RULES, in_words
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.fresh import fresh_seed

_RANDOM = "RandomSearch"

_BELOW = "What was run"

_FEW = 10  # runs, below which an interval says little


class Item(NamedTuple):
    """What is said of one practice.

    Attributes:
        known: What the histories say; empty for nothing.
        missing: What is to be added; empty for nothing.
    """

    known: str = ""
    missing: str = ""

    @property
    def mark(self) -> str:
        """Whether it is said, in part, or missing."""
        return "✓ said" if not self.missing else "◐ in part" if self.known else "✗ missing"

    @property
    def text(self) -> str:
        """What is known, and after it what is missing."""
        return ". ".join(filter(None, (self.known, f"Missing: {self.missing}" if self.missing else "")))


def checklist(comparison: Comparison) -> Section:
    """Go through the 14 practices: what the histories say of each, and what is missing."""
    found = {practice: ask(comparison) for practice, ask in _PRACTICES.items()}
    rows = [[f"{place}. {practice}", item.mark, item.text] for place, (practice, item) in enumerate(found.items(), 1)]
    said = sum(not item.missing for item in found.values())
    sentence = (
        f"The best practices of Lindauer and Hutter (JMLR 21(243), 2020), as far as histories know: {said} of "
        f"{len(rows)} are said in full. What is missing is for the text around this page."
    )
    return Section("checklist", "Best practices", [sentence, Table(["", "", ""], rows)])


# ── releasing code ────────────────────────────────────────────────────────────────────────────────────────────────


def _pipeline(comparison: Comparison) -> Item:
    benchmark = _any(comparison).info.get("benchmark", {})
    made = benchmark.get("provenance") or {}
    recipe, data = benchmark.get("recipe") or made.get("recipe"), made.get("data") or benchmark.get("data")
    known = [str(made["source"])] if made.get("source") else []
    known += [f"data {data}"] if data else []
    known += [f"the recipe and all else: see {_BELOW}"] if recipe else []
    return Item("; ".join(known), "" if recipe else "the program that trained, and its settings")


def _methods(comparison: Comparison) -> Item:
    ours = {place.partition(":")[2] for place in optimizers.builtin.values()}
    of_nasbed = [label for label, history in comparison.histories.items() if history.info.get("optimizer") in ours]
    others = [label for label in comparison.histories if label not in of_nasbed]
    version = (_any(comparison).info.get("versions") or {}).get("nasbed", "")
    known = f"{', '.join(of_nasbed)}: of nasbed {version}".strip() if of_nasbed else ""
    return Item(known, f"the code of {', '.join(others)}" if others else "")


def _at_once(comparison: Comparison) -> Item:
    if comparison.command is None:
        return Item("", "the program that called nasbed, as it is")
    return Item(f"one command made all of this page: see {_BELOW}")


# ── comparing methods ─────────────────────────────────────────────────────────────────────────────────────────────


def _same_benchmark(comparison: Comparison) -> Item:
    described = [{**history.info.get("benchmark", {}), "path": None} for history in comparison.histories.values()]
    differing = dict.fromkeys(said for one in described[1:] for said in differences(described[0], one))
    if differing:
        return Item("", f"benchmarks are described differently: {'; '.join(differing)}")
    first, space = described[0], _any(comparison).space.name
    data = f", data {first['data']}" if first.get("data") else ""
    return Item(f"{comparison.benchmark}{data}, space {space}, for all searches")


def _ablations(comparison: Comparison) -> Item:
    found = []
    for (one, first), (other, second) in combinations(comparison.histories.items(), 2):
        if first.info.get("optimizer") == second.info.get("optimizer"):
            given, taken = first.info.get("settings") or {}, second.info.get("settings") or {}
            differing = [name for name in {**given, **taken} if given.get(name) != taken.get(name)]
            found += [f"{one} and {other} differ in {differing[0]} alone"] if len(differing) == 1 else []
    return Item("; ".join(found), "" if found else "searches that differ in one setting alone")


def _same_protocol(comparison: Comparison) -> Item:
    rules = [{name: one.info.get(name) for name in ("budget", *RULES)} for one in comparison.histories.values()]
    differing = dict.fromkeys(said for one in rules[1:] for said in differences(rules[0], one))
    budget = in_words(rules[0]["budget"] or {}) or "no limit"
    heard, judged = comparison.words("validation"), comparison.words(comparison.metric)
    known = f"{budget} a run; incumbents by {heard}, judged by {judged}"
    missing = [f"the rules differ: {'; '.join(differing)}"] if differing else []
    missing += ["a split of its own to search by: searches were told test results"] * (comparison.split == "test")
    return Item(known, "; ".join(missing))


def _over_resources(comparison: Comparison) -> Item:
    moved = clocks(comparison)
    known = f"curves along {', '.join(CLOCKS[clock] for clock in moved)}"
    return Item(known, "" if "seconds" in moved else "the time of training, which nobody knows")


def _random(comparison: Comparison) -> Item:
    labels = [label for label, one in comparison.histories.items() if one.info.get("optimizer") == _RANDOM]
    known = [f"random search: {', '.join(labels)}"] if labels else []
    missing = [] if labels else ["random search under the same rules"]
    at_first = comparison.expected(comparison.metric, np.ones(1))
    if at_first is None or np.isnan(at_first[0]):
        missing.append("random sampling: the mean of the space")
    else:
        unit = " %" if comparison.factor(comparison.metric) == 100 else ""
        mean = value(comparison, comparison.metric, float(at_first[0]))
        known.append(f"random sampling: {comparison.words(comparison.metric)} {mean}{unit} on average")
    return Item("; ".join(known), "; ".join(missing))


def _seeds(comparison: Comparison) -> Item:
    info, runs = _any(comparison).info, comparison.runs
    first = int(info.get("first_run") or 0)
    seed = info.get("seed", "unknown")
    known = f"{comparison.runs_in_words} of each, numbers {first:,} to {first + runs - 1:,} of seed {seed}"
    again = fresh_seed(comparison)
    if not again.missing:
        known += f"; again under seed {again.seeds[1]}, whose findings {'agree' if again.agrees else 'do not agree'}"
    return Item(known, f"more runs: {runs} say little" if runs < _FEW else "")


def _tabular(comparison: Comparison) -> Item:
    if _any(comparison).info.get("benchmark", {}).get("checksum"):
        return Item(f"{comparison.benchmark} is a table")
    return Item("", "the same on a table, which allows more runs: answers are made when they are asked for")


def _confounders(comparison: Comparison) -> Item:
    versions = dict.fromkeys(_listed(one.info.get("versions"), " ") for one in comparison.histories.values())
    if len(versions) > 1 or not all(versions):
        return Item("", f"one set of versions for all searches: {'; '.join(versions) or 'they are not known'}")
    return Item(f"all searches with {next(iter(versions))}")


# ── reporting details ─────────────────────────────────────────────────────────────────────────────────────────────


def _tuning(comparison: Comparison) -> Item:
    return Item(f"the settings of each search: see {_BELOW}", "how they were chosen, and what that took")


def _end_to_end(comparison: Comparison) -> Item:
    spent = {label: float(one.clock("total_seconds")[-1].mean()) for label, one in comparison.histories.items()}
    if not any(spent.values()):
        return Item("", "the time of training and of the methods themselves")
    unit, words = along("seconds", max(spent.values()))
    name = words.partition("(")[2].rstrip(")")
    said = ", ".join(f"{label} {number(seconds / unit, 1)}" for label, seconds in spent.items())
    return Item(
        f"{name} of training a run, on average: {said}", "the time of the methods themselves and of tuning them"
    )


def _setup(comparison: Comparison) -> Item:
    info = _any(comparison).info
    sessions = [*(info.get("benchmark", {}).get("provenance") or {}).get("sessions", ()), *info.get("sessions", ())]
    machines = dict.fromkeys(
        _listed({name: one[name] for name in ("processor", "cores", "device") if name in one}, " ") for one in sessions
    )
    known = f"space, budget, seeds, versions and, as JSON, all else: see {_BELOW}"
    trained = [machine for machine in machines if machine]
    known += f"; trained on {'; '.join(trained)}" if trained else ""
    return Item(known, "" if trained else "the hardware, which trained what the searches were told")


_PRACTICES: Mapping[str, Callable[[Comparison], Item]] = {
    "Code of the training pipeline": _pipeline,
    "Code of the methods": _methods,
    "Code as it was used, without waiting": _at_once,
    "The same benchmark, not just the same data": _same_benchmark,
    "Ablations": _ablations,
    "The same evaluation protocol": _same_protocol,
    "Performance over compute resources": _over_resources,
    "Random sampling and random search": _random,
    "Several runs with different seeds": _seeds,
    "Tabular or surrogate benchmarks": _tabular,
    "Confounding factors": _confounders,
    "How hyperparameters were chosen": _tuning,
    "Resources from end to end": _end_to_end,
    "All details of the setup": _setup,
}
"""By practice, numbered by its place: what answers it."""


def _any(comparison: Comparison) -> History:
    return next(iter(comparison.histories.values()))


def _listed(values: Mapping[str, Any] | None, between: str = " = ") -> str:
    return ", ".join(f"{name}{between}{value}" for name, value in (values or {}).items())
