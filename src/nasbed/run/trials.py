"""Trials: a history as rows, one a trial: for files as Arrow, and for people as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, check
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.printing import Card
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.rows import once, whole
from nasbed.run import rows_file
from nasbed.run.settings import in_words

if TYPE_CHECKING:
    from nasbed.core.benchmark import Benchmark
    from nasbed.run.history import History

Where = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]
"""Which trials: their steps and their runs, ``(n,)`` each."""


def every(history: History) -> Where:
    """Return all entries that were tried, by run and then by step."""
    run, step = np.nonzero(history.tried.T)
    return step, run


def best(history: History, k: int) -> Where:
    """Return the best ``k`` trials of all runs, the best first, of equal architectures the best alone.

    Better is what was trained for more epochs and, of these, what has the higher value, as for incumbents. A failed
    trial and one over a limit are none; of equals the earlier step counts, then the lower run.
    """
    if not isinstance(k, Integral) or k < 1:
        raise BadSetting(f"top gives so many architectures, a whole number of at least 1, not {k!r}")
    counts = history.tried & ~np.isnan(history.value)
    if history.excess is not None:
        counts &= history.excess <= 0
    step, run = np.nonzero(counts)
    longer = np.zeros(len(step)) if history.fidelity is None else history.fidelity[step, run]
    order = np.lexsort((-history.value[step, run], -longer))
    step, run = step[order], run[order]
    first = np.sort(np.unique(history.space.key(history.archs[step, run]), return_index=True)[1])[:k]
    return step[first], run[first]


def first_time(history: History) -> NDArray[np.bool_]:
    """Return which entries paid for an architecture that their run had not paid for before, ``(steps, runs)``."""
    first = np.zeros(history.paid.shape, np.bool_)
    step, run = np.nonzero(history.paid)
    keys = history.space.key(history.archs[step, run])
    order = np.lexsort((keys, run))  # of equals the earlier step first, as they are
    step, run, keys = step[order], run[order], keys[order]
    fresh = np.ones(len(keys), np.bool_)
    fresh[1:] = (keys[1:] != keys[:-1]) | (run[1:] != run[:-1])
    first[step[fresh], run[fresh]] = True
    return first


def lineage(history: History, run: int, step: int | None) -> list[int]:
    """Return the steps of an entry and of all that it descends from; see ``History.lineage``."""
    for name, given, size in (("run", run, history.runs), ("step", 0 if step is None else step, history.steps)):
        check(name, given, Annotated[int, Bounds(0, size - 1)])
    if step is not None and not history.tried[step, run]:
        took = int(history.tried[:, run].sum())
        raise BadSetting(f"run {run} took no step {step}: its {took:,} are counted from 0")
    last = int(history.incumbents[-1, run]) if step is None else step
    if last < 0 or history.parents is None:
        return [last] if last >= 0 else []
    numbers = np.arange(history.steps) if history.number is None else history.number[:, run]
    steps = {int(n): i for i, n in enumerate(numbers) if history.tried[i, run]}
    found, waiting = set[int](), [last]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += [steps[int(p)] for p in history.parents[at, run] if int(p) in steps]
    return sorted(found)


# ── for people ────────────────────────────────────────────────────────────────────────────────────────────────────


def card(history: History, metrics: Sequence[Any]) -> Card:
    """Return what a history prints: what was searched how, what came of it by some metrics, and what to ask it."""
    told = history.info.get("benchmark", {})
    title = f"History of {history.info.get('optimizer', 'a search')} on {told.get('name', history.space.name)}"
    facts: dict[str, Any] = {"budget": in_words(history.info.get("budget") or {}) or None}
    if history.tried.any():
        known = metrics if history.test is not None else metrics[:1]
        facts |= {f"final {_called(history, metric)}": _final(history, metric) for metric in known}
        facts["best"] = next(iter(history.space.texts(history.archs[best(history, 1)])), None)
    if lost := history.info.get("failed"):
        facts["failed"] = f"{lost['trainings']:,}; the first: {lost['first']}"
    facts |= {"warnings": len(history.warnings) or None, "notes": len(history.notes) or None}
    facts["see"] = "frame() top() plot() lineage() metric() curve(); value, archs, … are arrays (steps, runs)"
    runs = f"{history.runs:,} run{'s' * (history.runs != 1)}"
    return Card(f"{title}: {runs}, {history.tried.sum():,} trials", facts=facts)


def _called(history: History, metric: Any) -> str:
    """Return what a metric is called where a search is told of a split: never validation where that is test."""
    words = str(metric).replace("-", " ")
    return words if history.split == "validation" else words.replace("validation", f"{history.split} as heard")


def _final(history: History, metric: Any) -> str | None:
    """Write what the runs' last incumbents are worth, on average; None where nobody knows."""
    last = history.metric(metric)[-1]
    if np.isnan(last).all():
        return None
    factor = 100 if history.measure_of(metric) == "accuracy" else 1
    unit = "" if factor == 1 else " points" if metric.endswith("regret") else " %"
    form = ".4g" if factor == 1 else ".2f"
    mean, low, high = (f"{factor * found(last):{form}}" for found in (np.nanmean, np.nanmin, np.nanmax))
    return mean + unit + (f" on average, {low} to {high}" if history.runs > 1 else "")


def frame(history: History, where: Where) -> Any:
    """Return some trials as a ``pandas.DataFrame``; see ``History.frame``."""
    pandas = require("pandas", "report")
    name, numbers = history.space.identify(history.archs[where])
    found = pandas.DataFrame(columns(history, where))
    found.insert(2, name, numbers)
    return found


def columns(history: History, where: Where) -> dict[str, Any]:
    """Return the columns of ``frame`` but for the architectures' hashes or numbers, ``(n,)`` each."""
    step, run = where
    archs = history.archs[where]
    known = _known(history, archs, where)
    paid = history.paid[where]
    heard = history.split if history.split == "validation" else f"{history.split}_heard"
    return {
        "run": run + int(history.info.get("first_run", 0)),
        "step": step,
        "architecture": history.space.texts(archs),
        **({"parameters": whole(known.pop("parameters"))} if "parameters" in known else {}),
        "epochs": np.where(paid, history.epochs[where], 0),
        "seconds": np.where(paid, history.seconds[where], 0.0),
        **known,
        heard: history.value[where],
        **({} if history.tests is None else {"test_attached": history.tests[where]}),
        **{name: history.costs[where][:, i] for i, name in enumerate(history.objectives) if history.costs is not None},
        "parents": _parents(history, where),
        "paid": paid,
        **_optional(history, where),
        "clock_evaluations": history.clock("evaluations")[where].astype(np.int64),
        "clock_epochs": history.clock("epochs")[where].astype(np.int64),
        "clock_seconds": history.clock("seconds")[where],
        f"incumbent_{heard}": history.metric("validation")[where],
        **({} if history.test is None else {"incumbent_test_attached": history.test[where]}),
    }


def tested(history: History, benchmark: Benchmark) -> NDArray[np.float64]:
    """Return the mean test result of each trial after its own epochs, ``(steps, runs)``; NaN where there is none."""
    step, run = every(history)
    found = np.full(history.value.shape, np.nan)
    for epochs, some in _after(history, (step, run)):
        found[step[some], run[some]] = benchmark.test(history.archs[step[some], run[some]], epochs)
    return found


def _after(history: History, where: Where) -> Iterator[tuple[int | None, NDArray[np.bool_]]]:
    """Give, for each number of epochs, which of some trials were trained for so many; those refused were for none."""
    there = np.ones(len(where[0]), np.bool_) if history.refused is None else ~history.refused[where]
    if history.fidelity is None:
        yield history.info.get("epochs"), there
        return
    epochs = history.fidelity[where]
    for one in np.unique(epochs[there]).tolist():
        yield one, there & (epochs == one)


def _known(history: History, archs: Archs, where: Where) -> dict[str, NDArray[np.float64]]:
    """Ask the benchmark that was attached what it knows of architectures besides, each after its trial's epochs."""
    found: dict[str, NDArray[np.float64]] = {}
    if history.answers is None:
        return found
    for one, some in _after(history, where):
        for name, values in history.answers.known(archs[some], one).items():
            found.setdefault(name, np.full(len(archs), np.nan))[some] = values
    return found


def _parents(history: History, where: Where) -> list[tuple[int, ...]]:
    """Return the numbers of the trials that each was bred from."""
    if history.parents is None:
        return [()] * len(where[0])
    pairs = history.parents[where]
    codes = (pairs + 1) @ np.array([pairs.max(initial=0) + 2, 1])
    return once(codes, lambda first: [tuple(one for one in pair if one >= 0) for pair in pairs[first].tolist()])


def _optional(history: History, where: Where) -> dict[str, Any]:
    """Return what only some searches have: numbers of trials, other epochs, limits."""
    names = ("number", "fidelity", "excess", "refused", "ended")
    return {name: values[where] for name in names if (values := getattr(history, name)) is not None}


# ── for files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def arrow(history: History, metrics: Sequence[Any]) -> Any:
    """Return all trials as a ``pyarrow.Table``, with the incumbent by some metrics that were attached."""
    where = every(history)
    step, run = where
    archs = history.archs[where]
    paid = history.paid[where]
    found: dict[str, Any] = {
        "run": (run + int(history.info.get("first_run", 0))).astype(np.int32),
        "step": step.astype(np.int32),
        "arch": archs,
        "key": history.space.key(archs),
        "validation": history.value[where],
        "paid": paid,
        "epochs": np.where(paid, history.epochs[where], 0).astype(np.int32),
        "seconds": np.where(paid, history.seconds[where], 0.0),
        "clock_evaluations": history.clock("evaluations")[where].astype(np.int64),
        "clock_epochs": history.clock("epochs")[where].astype(np.int64),
        "clock_seconds": history.clock("seconds")[where],
        "incumbent_step": history.incumbents[where].astype(np.int32),
        "incumbent_validation": history.metric("validation")[where],
    }
    found |= {name: values[where] for name in rows_file.EXTRAS if (values := getattr(history, name)) is not None}
    if history.tests is not None:
        found["test_attached"] = history.tests[where]
    if history.test is not None:
        found |= {"incumbent_" + name.replace("-", "_"): history.metric(name)[where] for name in metrics}
    space = {"name": history.space.kind, "settings": history.space.settings()}
    about: dict[str, Any] = {"space": space, "info": history.info, "optimum": list(history.optimum)}
    about |= {"shape": [history.steps, history.runs], "ended": history.ended is not None}
    return rows_file.table_of(found, about)


def fields_of(table: Any, about: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a history's fields from its rows and what is said of them; and what stands at trials of its incumbents.

    A run that ended before the others keeps its incumbent in the steps that it did not take, and that have no row.
    """
    found = rows_file.spread(table, tuple(about["shape"]), int(about["info"].get("first_run", 0)))
    fields = {
        "space": spaces[about["space"]["name"]](**about["space"]["settings"]),
        "info": about["info"],
        "archs": found["arch"],
        "value": found["validation"],
        "seconds": found["seconds"],
        "epochs": found["epochs"],
        "tried": found["step"] >= 0,
        "paid": found["paid"],
        "optimum": tuple(about["optimum"]),
        "ended": found["clock_seconds"] if about.get("ended") else None,
        "own_tests": found.get("test_attached"),
        **{name: found[name] for name in rows_file.EXTRAS if name in found},
    }
    held = {name: found[f"incumbent_{name}"] for name in ("test", "mean_validation") if "incumbent_test" in found}
    return fields, held
