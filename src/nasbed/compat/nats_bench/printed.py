"""What ``show`` and ``query_info_str_by_arch`` print of an architecture: costs, losses and accuracies by data set.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_topology.py`` and ``api_size.py``
"""

from __future__ import annotations

from nasbed.compat.nats_bench.errors import NotMeasured
from nasbed.compat.nats_bench.results import ArchResults

Splits = dict[str, dict[str, str]]
_OTHER = {"valid": "x-valid", "test": "x-test"}
TOPOLOGY: Splits = {"cifar10-valid": {"valid": "x-valid"}, "cifar10": {"test ": "ori-test"}}
"""By data set the splits to print, by their titles; other data sets have both."""
SIZE: Splits = {**TOPOLOGY, "cifar10-valid": {"valid": "x-valid", "test": "ori-test"}}


def information(results: ArchResults, splits: Splits, extra_info: str | None = None) -> list[str]:
    """Give the lines: the architecture, the data sets, then two for each of them."""
    names = results.get_dataset_names()
    lines = [results.arch_str, f"datasets : {names}, extra-info : {extra_info}"]
    for name in names:
        costs = results.get_compute_costs(name)
        latency = None if costs["latency"] is None else f"{costs['latency'] * 1000:.2f}"
        parts = {"train": "train", **splits.get(name, _OTHER)}
        shown = [f"{title} : [{_metric(results, name, split)}]" for title, split in parts.items()]
        lines.append(f"{name:14s} FLOP={costs['flops']:6.2f} M, Params={costs['params']:.3f} MB, latency={latency} ms.")
        lines.append(f"{name:14s} {', '.join(shown)}")
    return lines


def framed(results: ArchResults, splits: Splits) -> str:
    """Give the lines under a title that says how many epochs there were."""
    title = ">" * 40 + f" {results.get_total_epoch():03d} epochs " + ">" * 40
    return "\n".join([title, *information(results, splits)])


def _metric(results: ArchResults, name: str, split: str) -> str:
    try:
        info = results.get_metrics(name, split)
    except NotMeasured:
        return "not measured"
    return f"loss = {info['loss']:.3f} & top1 = {info['accuracy']:.2f}%"
