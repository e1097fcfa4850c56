"""Failed runs: those in which no training came to a result, which no statistic can count and every one names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nasbed.run.history import History

_NAMED_AT_MOST = 6  # runs of a search


def failed_runs(histories: Mapping[str, History]) -> dict[str, list[int]]:
    """Return the numbers of the runs that ended without an incumbent, by search; without searches that have none."""
    found = {
        label: (np.flatnonzero((history.incumbents < 0).all(axis=0)) + int(history.info.get("first_run") or 0)).tolist()
        for label, history in histories.items()
    }
    return {label: runs for label, runs in found.items() if runs}


def failed_in_words(histories: Mapping[str, History]) -> str:
    """Say how many runs of which searches came to nothing, and which these are; nothing where there are none."""
    found = failed_runs(histories)
    if not found:
        return ""
    said = "; ".join(f"{label} {_counted(runs, histories[label].runs)}" for label, runs in found.items())
    return f"Runs in which no training came to a result, and that do not count: {said}."


def _counted(failed: list[int], runs: int) -> str:
    named = ", ".join(map(str, failed[:_NAMED_AT_MOST]))
    more = ", …" if len(failed) > _NAMED_AT_MOST else ""
    return f"{len(failed):,} of {runs:,} (run{'s' * (len(failed) > 1)} {named}{more})"
