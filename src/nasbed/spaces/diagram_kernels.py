"""The hot loop of sampling from a decision diagram."""

from __future__ import annotations

from typing import Any

from nasbed.core.compiled import kernel


@kernel
def follow(digits: Any, thresholds: Any, is_open: Any, children: Any, slots: Any, rows: Any, unsettled: Any) -> None:
    """Follow a way through the diagram for each run, and note which runs its digits leave open.

    Args:
        digits: Of chance, ``(runs, decisions)``.
        thresholds: From which digit on each value but the first is taken, ``(nodes, most values − 1)``.
        is_open: Which of them lie within their digit; likewise.
        children: Where each value leads, ``(nodes, most values)``.
        slots: The slot of each node, ``(nodes,)``.
        rows: Filled with the values, ``(runs, decisions)``.
        unsettled: Filled with 1 for the runs that are left open, ``(runs,)``.
    """
    for run in range(rows.shape[0]):
        node = 0
        while node < len(slots):
            digit, value = digits[run, slots[node]], 0
            for k in range(thresholds.shape[1]):
                if digit == thresholds[node, k] and is_open[node, k]:
                    unsettled[run] = 1
                value += digit >= thresholds[node, k]
            rows[run, slots[node]] = value
            node = children[node, value]
