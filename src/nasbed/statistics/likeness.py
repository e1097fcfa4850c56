"""Likeness: what searches that are compared have in common, and what of it they may differ in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.spelling import named
from nasbed.run.history import History
from nasbed.run.settings import BUDGETS, CLOCKS, RULES, SearchSettings

_OF_BENCHMARK = (
    "space",
    "data",
    "recipe",
    "splits",
    "measure",
    "tested",
    "checksum",
    "pace",
    "skeleton",
    "network",
    "batch",
    "seed",
    "time_limit",
    "plan",
    "truth",
)
"""What a benchmark says of itself that decides its answers; where it lay and on which machine does not."""

_ONE_BENCHMARK = ("benchmark", "space", "data")
"""In which no comparison may differ: searches on different benchmarks are comparisons of their own."""
_SIMULATED = ("workers", "scheduling", "failures", "objectives", "limits", "absent", "overdraw")
"""Settings that a history leaves out where they are what they usually are."""

_WORDS = {
    "runs": "number of runs",
    "first_run": "number of the first run",
    "splits.told": "measurement that a search is told",
    "splits.reported": "measurement that is reported",
    "checksum": "checksum of the table",
    "total_epochs": "total epochs",
    "total_seconds": "total seconds",
}
"""What traits are called in sentences, where that is not their name."""

_LONG = 60  # characters of a value that a person compares

Differences = dict[str, dict[str, Any]]
"""In what searches differ: by the name of each trait, what it is of each search, by label."""


def traits(history: History) -> dict[str, Any]:
    """Return what decides a search's results beside its optimizer and seed, by name; None for what is not known.

    The settings of the search have their own names. What a benchmark says of itself is called as in its description:
    ``data``, ``recipe``, ``splits.told``; a seed of the benchmark's own is ``benchmark_seed``.
    """
    info, found = history.info, dict[str, Any](benchmark=None)
    about: Mapping[str, Any] = info.get("benchmark") or {}
    if about.get("name"):
        found["benchmark"] = named(str(about["name"]))[0]  # the settings behind it are among what follows
    for name, value in _leaves({name: about[name] for name in _OF_BENCHMARK if name in about}):
        found["benchmark_seed" if name == "seed" else name] = value
    found.setdefault("pace", 1.0)
    budget: Mapping[str, Any] = info.get("budget") or {}
    found |= {name: budget.get(clock) for name, clock in zip(BUDGETS, CLOCKS, strict=True)}
    usual = SearchSettings()
    found |= {name: info.get(name, getattr(usual, name) if name in _SIMULATED else None) for name in RULES}
    found["epochs"] = info.get("epochs") or (about.get("budgets") or [None])[-1]
    found["workers"] = found["workers"] or 1
    if found["workers"] == 1:
        found["scheduling"] = None  # which it takes two workers to have
    return {**found, "runs": history.runs, "first_run": info.get("first_run") or 0}


def key_of(history: History, differing: Collection[str] = ()) -> str:
    """Return a text that histories share whose traits are the same, but for those that may differ."""
    return json.dumps({name: value for name, value in traits(history).items() if name not in differing})


def unlike(histories: Mapping[str, History]) -> Differences:
    """Return in what searches differ.

    A budget that only some have is a difference. What is not known of a search, such as what an older version did not
    write down, is none.
    """
    of_each = {label: traits(history) for label, history in histories.items()}
    differences = {}
    for name in dict.fromkeys(name for found in of_each.values() for name in found):
        values = {label: found.get(name) for label, found in of_each.items()}
        if name not in BUDGETS:
            values = {label: value for label, value in values.items() if value is not None}
        if len({json.dumps(value, sort_keys=True) for value in values.values()}) > 1:
            differences[name] = values
    return differences


def check_alike(histories: Mapping[str, History], differing: Collection[str]) -> Differences:
    """Refuse searches that differ in anything but what is studied, and return in what of that they do.

    Args:
        histories: By label.
        differing: Names of traits that may differ.

    Raises:
        BadSetting: When they differ in something else, with its name, and what is of which search.
        UnknownName: When no trait that may differ has such a name.
    """
    known = (name for history in histories.values() for name in traits(history))
    allowed = [name for name in dict.fromkeys((*BUDGETS, *RULES, *known)) if _may_differ(name)]
    for name in differing:
        if name not in allowed:
            raise UnknownName("trait in which compared searches may differ", str(name), allowed)
    found = unlike(histories)
    refused = {name: values for name, values in found.items() if name not in differing}
    if refused:
        raise _refusal(refused)
    return found


def info_names(names: Iterable[str]) -> list[str]:
    """Return under which names ``History.info`` has some traits."""
    return list(dict.fromkeys("budget" if n in BUDGETS else n if n in RULES else "benchmark" for n in names))


def in_words(name: str) -> str:
    """Return what a trait is called in sentences."""
    return _WORDS.get(name, name.replace(".", " "))


def said_of(values: Mapping[str, Any]) -> str:
    """Return what a trait is of which searches, for people: ``4 (a) and 36 (b)``."""
    labels: dict[str, list[str]] = {}
    for label, value in values.items():
        labels.setdefault(_text(value), []).append(label)
    return " and ".join(f"{text} ({', '.join(some)})" for text, some in labels.items())


def _may_differ(name: str) -> bool:
    return name not in ("runs", "first_run") and name.partition(".")[0] not in _ONE_BENCHMARK


def _refusal(refused: Differences) -> BadSetting:
    """Return the error that names the difference which says most, and what to do about all of them."""
    name = min(refused, key=_may_differ)
    same = f"so all have the same {in_words(name)}, not {said_of(refused[name])}"
    if _may_differ(name):
        others = [in_words(other) for other in refused if other != name]
        more = f"; they differ in {', '.join(others)}, too" if others else ""
        studied = ", ".join(f'"{one}"' for one in refused)
        return BadSetting(
            f"searches are compared like with like, {same}{more}. If that is what is studied, say so: "
            f"differing={{{studied}}}"
        )
    if name in ("runs", "first_run"):
        return BadSetting(f"searches are compared run by run, {same}")
    return BadSetting(
        f"searches are compared on one benchmark, {same}; make a comparison on each, and give statistics several: "
        "average_ranks([one, other])"
    )


def _text(value: Any) -> str:
    pieces = [f"{k} {v:g}" for k, v in value.items()] if isinstance(value, Mapping) else value
    text = ", ".join(map(str, pieces)) if isinstance(pieces, list | tuple) else str(pieces)
    text = "none" if value is None else text or "none"
    return text if len(text) <= _LONG else f"{text[: _LONG // 2]}…"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through the leaves of a nested record by dotted names."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    elif name != "splits":  # a list of all that the table has, in the oldest files
        yield name, value
