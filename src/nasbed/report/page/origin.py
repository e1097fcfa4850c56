"""Origin: what was run, with what a reader needs to run it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nasbed.report.comparison import Comparison
from nasbed.report.folder import about
from nasbed.report.page.parts import Code, Part, Section, Table

_RULES = ("epochs", "duplicates", "repeats", "workers", "scheduling", "failures", "objectives", "limits", "patience")
_MEANING = {None: "–", True: "yes", False: "no"}


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
    budget = {name: limit for name, limit in (info.get("budget") or {}).items() if limit is not None}
    first = int(info.get("first_run") or 0)
    facts = {
        "benchmark": comparison.benchmark,
        "checksum of its data": benchmark.get("checksum"),
        "space": next(iter(comparison.histories.values())).space.name,
        "budget of a run": ", ".join(f"{limit:,g} {name.replace('_', ' ')}" for name, limit in budget.items()),
        "runs": f"{comparison.runs:,}, numbers {first:,} to {first + comparison.runs - 1:,}",
        "seed": info.get("seed"),
        **{name: info[name] for name in _RULES if info.get(name) not in (None, [], {})},
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
