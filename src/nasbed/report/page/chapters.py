"""Chapters: what a page says of one comparison, and of several on different benchmarks together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.report.folder import about
from nasbed.report.page.architectures import architectures, lineage
from nasbed.report.page.checklist import checklist
from nasbed.report.page.fronts import fronts
from nasbed.report.page.importance import importance
from nasbed.report.page.parts import Code, Part, Section, Table
from nasbed.report.page.progress import progress
from nasbed.report.page.ranking import overall, ranking
from nasbed.report.page.reaching import reaching
from nasbed.report.page.results import curse, spread, summary
from nasbed.report.page.trials import tried
from nasbed.report.words import headline
from nasbed.run.history import History
from nasbed.run.settings import BUDGETS, RULES
from nasbed.run.settings import in_words as words_of
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.fresh import fresh_seed
from nasbed.statistics.likeness import in_words, said_of

_MEANING = {None: "–", True: "yes", False: "no"}


@dataclass(frozen=True)
class Chapter:
    """A part of the page with sections of its own.

    Attributes:
        name: Its heading; empty where it is the only one.
        address: Where it is on the page.
        headline: What was found, in one or two sentences.
        detail: What is said next; empty for nothing.
        warnings: What one should know before citing any of it.
        caution: What every caption repeats, if there is something.
        sections: What follows, in order.
    """

    name: str
    address: str
    headline: str
    detail: str
    warnings: Sequence[str]
    caution: str | None
    sections: Sequence[Section]

    def address_of(self, section: Section) -> str:
        """Give where a section is on the page; its own name where there is one chapter."""
        return f"{self.address}-{section.name}" if self.name else section.name


def chapters(comparisons: Mapping[str, Comparison], benchmarks: Sequence[Benchmark]) -> list[Chapter]:
    """Write a chapter on each comparison, and before them one on all together where they have something to say so.

    Args:
        comparisons: By their headings.
        benchmarks: Those that searches were played on, as far as they are at hand.
    """
    known = {benchmark.name: benchmark for benchmark in benchmarks}
    given = {name: _judged(comparison) for name, comparison in comparisons.items()}
    found = [_chapter(i, name, one, known.get(one.benchmark)) for i, (name, one) in enumerate(given.items())]
    section = overall(list(given.values()))
    if section is None:
        return found
    said = f"{len(given)} benchmarks, each of which counts alike: {', '.join(one.benchmark for one in given.values())}."
    return [Chapter("All benchmarks together", "all", said, "", (), None, [section]), *found]


def _chapter(number: int, name: str, comparison: Comparison, benchmark: Benchmark | None) -> Chapter:
    found = (
        summary(comparison),
        progress(comparison),
        spread(comparison),
        ranking(comparison),
        repeated(comparison),
        reaching(comparison),
        curse(comparison, benchmark),
        fronts(comparison, benchmark),
        architectures(comparison),
        lineage(comparison),
        importance(comparison),
        tried(comparison),
        checklist(comparison),
        origin(comparison),
    )
    caution = comparison.caution
    return Chapter(
        name,
        f"c{number}",
        headline(comparison),
        comparison.separated().sentence() if len(comparison.histories) > 1 else comparison.separated().failed,
        list(dict.fromkeys([*([] if caution is None else [caution]), *comparison.warnings, *_mixed(comparison)])),
        caution,
        [section for section in found if section is not None],
    )


def _mixed(comparison: Comparison) -> list[str]:
    """Warn of searches that were run with different versions of what runs."""
    used: dict[str, list[str]] = {}
    for label, history in comparison.histories.items():
        versions = history.info.get("versions") or {}
        used.setdefault(", ".join(f"{name} {version}" for name, version in versions.items()), []).append(label)
    if len(used) < 2:
        return []
    said = "; ".join(f"{', '.join(labels)} with {versions or 'versions unknown'}" for versions, labels in used.items())
    return [f"The searches were run with different versions: {said}."]


def _judged(comparison: Comparison) -> Comparison:
    """Give a comparison that can be asked for any metric: where no benchmark was attached, no test is known."""
    return replace(comparison, histories={label: _known(history) for label, history in comparison.histories.items()})


def _known(history: History) -> History:
    if history.test is not None and history.mean_validation is not None:
        return history
    unknown = np.full((history.steps, history.runs), np.nan)
    return history.judged(unknown, unknown, (float("nan"), float("nan")))


def repeated(comparison: Comparison) -> Section | None:
    """Say whether a fresh seed finds the same; None where none was tried."""
    if comparison.again is None:
        return None
    found = fresh_seed(comparison)
    tables = [] if found.missing else [Table(*found.cells(), f"Differences are of means over runs{_in(found.unit)}.")]
    return Section("fresh", "Under a fresh seed", [found.sentence(), *tables])


def _in(unit: str) -> str:
    return f", in {unit.strip()}" if unit else ""


def origin(comparison: Comparison) -> Section:
    """Tell the command, the benchmark with its checksum, the rules, the seeds, the settings and the versions."""
    info = next(iter(comparison.histories.values())).info
    parts: list[Part] = [] if comparison.command is None else ["It was made by", Code(comparison.command)]
    parts.append(Table(["", ""], _facts(comparison, info), "Shared by all searches."))
    settings = [
        [label, str(history.info.get("optimizer", "–")), _listed(history.info.get("settings") or {})]
        for label, history in comparison.histories.items()
    ]
    parts.append(Table(["search", "optimizer", "settings"], settings, "The searches."))
    parts.append(Code(json.dumps(about(comparison), indent=2, ensure_ascii=False), "All of it, as JSON"))
    return Section("origin", "What was run", parts)


def _facts(comparison: Comparison, info: Mapping[str, Any]) -> list[list[str]]:
    benchmark = info.get("benchmark", {})
    first = int(info.get("first_run") or 0)
    differ = {in_words(name): said_of(values) for name, values in comparison.differences.items()}
    facts = {
        "benchmark": comparison.benchmark,
        "checksum of its data": benchmark.get("checksum"),
        "space": next(iter(comparison.histories.values())).space.name,
        "budget of a run": None if set(BUDGETS) & set(comparison.differences) else words_of(info.get("budget") or {}),
        "runs": f"{comparison.runs:,}, numbers {first:,} to {first + comparison.runs - 1:,}",
        "seed": info.get("seed"),
        **{name: info[name] for name in RULES if info.get(name) not in (None, [], {}) and name not in differ},
        **{f"{name} of each": said for name, said in differ.items()},
        "versions": _listed(info.get("versions") or {}, " "),
    }
    return [[name, _text(value)] for name, value in facts.items() if value not in (None, "")]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return _listed(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return _MEANING.get(value, str(value)) if value is None or isinstance(value, bool) else str(value)


def _listed(values: Mapping[str, Any], between: str = " = ") -> str:
    return ", ".join(f"{name}{between}{_text(value)}" for name, value in values.items()) or "–"
