"""Numbers in words: percentages, spans of time, and how far a campaign is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasbed.core.benchmark import Benchmark
    from nasbed.run.campaign import Status
    from nasbed.run.watching import Status as Standing


def percent(value: float | None, digits: int = 2) -> str:
    """Write a fraction as a percentage, and what is not known as a dash."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.{digits}f}"


def shown(value: float | None, measure: str) -> str:
    """Write a value of a benchmark: an accuracy as a percentage, what else as it is, what is not known as a dash."""
    if measure == "accuracy" or value is None or math.isnan(value):
        return percent(value)
    return f"{value:.6g}"


def runs_shown(count: int) -> str:
    """Write how many runs there are."""
    return f"{count:,} run{'s' * (count != 1)}"


def mean_shown(row: Mapping[str, Any], name: str, measure: str = "accuracy", ends: str = "_low _high") -> str:
    """Write a mean of a summary likewise, with its 95 % interval where that is known."""
    mean, *interval = (row[name], *(row[name + end] for end in ends.split()))
    if any(end is None or math.isnan(end) for end in interval):
        return shown(mean, measure)
    return f"{shown(mean, measure)} ({' to '.join(shown(end, measure) for end in interval)})"


def standing(status: Standing, benchmark: Benchmark) -> str:
    """Say how far a search is: evaluations, failures, the best so far of any run, and the time on its clock."""
    live = benchmark.live
    done = "evaluations" if live is None else "trained" if live.trains else "scored"
    parts = [f"{status.evaluations:,} {done}" + (f" ({status.failures:,} failed)" if status.failures else "")]
    if not math.isnan(status.best):
        parts.append(f"best {shown(status.best, benchmark.measure)}" + " %" * (benchmark.measure == "accuracy"))
    parts.append(f"{status.seconds:,.0f} s simulated" if live is None else f"{status.seconds / 60:.1f} min")
    return f"{status.search}: " * bool(status.search) + ", ".join(parts)


def in_words(status: Status, units: str, **speeds: str) -> str:
    """Say how far a campaign is, how fast it goes and how long it will take.

    Args:
        status: The campaign's.
        units: What it is made of.
        **speeds: How to write ``rate`` and ``speed``, where they are to be said.
    """
    parts = [f"{status.done:,} of {status.total:,} {units}"]
    if status.failures:
        parts.append(f"{status.failures} given up")
    if status.rate is not None and status.speed is not None:
        parts += [form.format(getattr(status, name)) for name, form in speeds.items()]
    if status.left:
        parts.append(f"{duration(status.left)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Write a time span with its two largest units: ``35 s``, ``2 min 5 s``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"
