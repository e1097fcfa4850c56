"""The half of ``nasbed query`` that is about tables of curves: every split by its name, every seed in its column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbed.cli.console import print_facts, print_json, print_table

if TYPE_CHECKING:
    from nasbed.benchmarks.curves import CurveBenchmark
    from nasbed.tables.curves.table import CurveTable


def show(benchmark: CurveBenchmark, architecture: str, epochs: int | None, asked: dict[str, Any], json: bool) -> None:
    """Print what a table has of one architecture.

    Args:
        benchmark: Of the table.
        architecture: Its text, or its official number.
        epochs: After how many; the last that there are if None.
        asked: Values of ``hp``, ``data``, ``split``, ``metric`` and ``seed``, None for all of them.
        json: Whether a program reads it.
    """
    from nasbed.core.errors import NotInTable

    table = benchmark.table
    arch = _arch(table, architecture)
    row = int(table.rows(arch[None])[0])
    found = list(_found(table, arch, epochs, asked))
    if not found:
        raise NotInTable(f"{table.path.name} has nothing of this kind; it has: {', '.join(table.groups)}")
    facts: dict[str, Any] = {"architecture": table.space.format(arch), "index": int(table.indices[row])}
    facts |= {name: float(table.values(name)[row]) for name in table.attached}
    if json:
        print_json({**facts, "table": table.path.name, "results": found})
        return
    print_facts(facts)
    seeds = list(dict.fromkeys(seed for line in found for seed in line["seeds"]))
    headers = [
        "data",
        "recipe",
        "epochs",
        "split",
        "metric",
        *(seed if seed == "mean" else f"seed {seed}" for seed in seeds),
    ]
    headers += ["mean"] if "mean" not in seeds and asked["seed"] is None else []
    print_table(headers, [_cells(line, seeds, "mean" in headers[5 + len(seeds) :]) for line in found])


def _arch(table: CurveTable, text: str) -> Any:
    """Read an architecture, or its official number."""
    import numpy as np

    from nasbed.core.errors import NotInTable

    if not text.strip().isdecimal():
        return table.space.parse(text)
    if int(text) >= table.metadata["architectures"]:
        last = table.metadata["architectures"] - 1
        raise NotInTable(f"there is no architecture {text}; {table.space.name} ends at {last}")
    return table.space.archs_of(np.array([int(text)]))[0]


def _found(table: CurveTable, arch: Any, epochs: int | None, asked: dict[str, Any]) -> Any:
    """Give what was measured, a line a split and metric."""
    from nasbed.core.errors import NotInTable
    from nasbed.tables.curves.names import RUN_METRICS, UNITS

    metrics = [asked["metric"]] if asked["metric"] else [*UNITS, *(name for name in RUN_METRICS if name != "epochs")]
    hps = [str(asked["hp"])] if asked["hp"] is not None else [table.hps[-1]]
    if asked["data"] is not None:
        _ = table.hp(asked["hp"], asked["data"])  # which says what there is
    for group in table.groups:
        hp, data = group.split("/")
        if int(hp) != int(hps[0]) or asked["data"] not in (None, data):
            continue
        seeds = table.axis(hp, data)
        if asked["split"] is not None and asked["data"] is not None:
            _ = table.query(arch[None], data=data, hp=hp, split=asked["split"])
        splits = [asked["split"]] if asked["split"] else [None, *table.splits(hp, data)]
        for split in splits:
            for metric in metrics:
                if (metric in RUN_METRICS) != (split is None):
                    continue
                about: dict[str, Any] = {"data": data, "hp": hp, "split": split, "metric": metric}
                try:
                    column = table.measured(data, split, metric, hp)
                    epoch = None if epochs is None or not column.epochs else epochs - 1
                    values = table.outcomes(arch[None], data=data, split=split, metric=metric, hp=hp, epoch=epoch)[0]
                except NotInTable:
                    if asked["split"] is not None and asked["metric"] is not None and asked["data"] is not None:
                        raise
                    continue
                about["split"] = column.split
                last = column.epochs[-1] if column.epochs and epoch is None else epoch
                about["epochs"] = None if last is None else last + 1
                about["unit"] = column.unit
                about["seeds"] = _chosen(dict(zip(map(str, seeds), values.tolist(), strict=True)), asked["seed"], group)
                yield about


def _chosen(values: dict[str, float], seed: int | None, group: str) -> dict[str, float]:
    from nasbed.core.errors import NotInTable

    if seed is None:
        return values
    if str(seed) not in values:
        raise NotInTable(f"{group} has no seed {seed}; it has: {', '.join(values)}")
    return {str(seed): values[str(seed)]}


def _cells(line: dict[str, Any], seeds: list[str], mean: bool) -> list[str]:
    unit = line["unit"]
    name = line["metric"] + {"percent": ", %", "fraction": " (fraction)", "": ""}.get(unit, f", {unit}")
    values = [line["seeds"].get(seed, float("nan")) for seed in seeds]
    there = [value for value in values if value == value]
    values += [sum(there) / len(there) if there else float("nan")] if mean else []
    texts = ["–" if value != value else f"{value:.2f}" if unit == "percent" else f"{value:.6g}" for value in values]
    return [line["data"], line["hp"], str(line["epochs"] or ""), line["split"] or "", name, *texts]
