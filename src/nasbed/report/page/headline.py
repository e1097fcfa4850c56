"""Headline: what a study found, in sentences that say no more than its intervals."""

from __future__ import annotations

import numpy as np

from nasbed.report.comparison import Comparison
from nasbed.report.page.words import runs, value

_NAMED_AT_MOST = 3


def headline(comparison: Comparison) -> str:
    """Say which search ended best, and from which others it is told apart."""
    metric, best = comparison.metric, winner(comparison)
    if best is None:
        return f"No training of {runs(comparison)} of {_count(len(comparison.histories))} came to a result."
    unit = " %" if comparison.factor(metric) == 100 else ""
    mean = value(comparison, metric, float(np.nanmean(comparison.final(metric)[best])))
    reached = f"{comparison.words(metric)} {mean}{unit}, mean of {runs(comparison)}"
    if len(comparison.histories) == 1:
        return f"{best} ended with a {reached}."
    pairs = comparison.separated().differences
    apart = [pair.worse for pair in pairs if pair.better == best and pair.apart]
    others = [label for label in comparison.histories if label != best and label not in apart]
    sentence = f"Of {_count(len(comparison.histories))}, {best} ended highest: {reached}."
    if not others:
        return f"{sentence} It is told apart from {'the other' if len(apart) == 1 else 'all others'}."
    if not apart:
        return f"{sentence} It is told apart from none of the others."
    return f"{sentence} It is told apart from {_names(apart)}, and not from {_names(others)}."


def winner(comparison: Comparison) -> str | None:
    """Give the label of the search with the highest mean at the end; None where no run came to a result."""
    means = {
        label: float(np.nanmean(values))
        for label, values in comparison.final(comparison.metric).items()
        if not np.isnan(values).all()
    }
    return max(means, key=lambda label: means[label]) if means else None


def _count(searches: int) -> str:
    return f"{searches} search{'es' if searches > 1 else ''}"


def _names(labels: list[str]) -> str:
    if len(labels) > _NAMED_AT_MOST:
        return f"{len(labels)} others"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
