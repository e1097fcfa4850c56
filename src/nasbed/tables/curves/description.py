"""What one should know of a table of curves before one uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbed.tables.curves.names import column_name

if TYPE_CHECKING:
    from nasbed.tables.curves.table import CurveTable


def described(table: CurveTable) -> dict[str, Any]:
    """Give provenance, checksum, data sets with their splits, seeds and epochs, warnings and sizes, JSON-able."""
    return {
        "path": str(table.path),
        "space": dict(table.space.describe()),
        "architectures": len(table),
        "of": table.metadata["architectures"],
        "trainings": {name: _trainings(table, *name.split("/")) for name in table.groups},
        "units": {"accuracy": "percent, as published; benchmarks answer fractions", "epochs": "counted from 0"},
        "attached": {name: table.column(name).meaning or table.column(name).unit for name in table.attached},
        "warnings": table.warnings,
        "provenance": table.provenance,
        "checksum": table.checksum,
        "bytes": table.path.stat().st_size,
        "beside": {file.path.name: file.path.stat().st_size for file in table.companions.values()},
        "missing": table.missing,
    }


def _trainings(table: CurveTable, hp: str, data: str) -> dict[str, Any]:
    """Say how many architectures have which seed, and after which epochs what was measured on which split."""
    order = table.order(hp, data)
    seeds = [f"{seed}: {(order[:, i] >= 0).sum():,}" for i, seed in enumerate(table.axis(hp, data))]
    about: dict[str, Any] = {"architectures by seed": ", ".join(seeds)}
    for split, metrics in table.splits(hp, data).items():
        spans = [_span(table.column(column_name(hp, data, split, metric)).epochs) for metric in metrics]
        about[split] = ", ".join(f"{metric} {span}" for metric, span in zip(metrics, spans, strict=True))
    return about


def _span(epochs: tuple[int, ...]) -> str:
    """Say after which epochs something was measured."""
    if len(epochs) == 1:
        return f"after epoch {epochs[0]}"
    whole = len(epochs) == epochs[-1] - epochs[0] + 1
    return f"after epochs {epochs[0]} to {epochs[-1]}" if whole else f"after {len(epochs)} epochs"
