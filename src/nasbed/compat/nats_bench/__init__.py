"""The published interface of NATS-Bench, ``nats_bench``: see ``spaces``.

Reference: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

from typing import Any

from nasbed.compat.nats_bench.result import ResultsCount
from nasbed.compat.nats_bench.results import ArchResults
from nasbed.compat.nats_bench.spaces import NASBench201API, NATSsize, NATStopology, create
from nasbed.compat.nats_bench.structure import OPERATIONS, topology_str2structure
from nasbed.core.errors import BadSetting

__all__ = [
    "ArchResults",
    "NASBench201API",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "create",
    "search_space_info",
    "topology_str2structure",
    "version",
]


def version() -> str:
    """Name the published version whose rules are followed."""
    return "v1.8"


def search_space_info(main_tag: str, aux_tag: str | None) -> dict[str, Any]:
    """Give the choices that a space leaves.

    Args:
        main_tag: ``nats-bench`` or ``nas-bench-201``.
        aux_tag: Of NATS-Bench: ``tss`` or ``topology``; ``sss`` or ``size``. Of NAS-Bench-201: None.

    Raises:
        BadSetting: A ``ValueError``: for other tags.
    """
    if (main_tag, aux_tag) in (("nats-bench", "tss"), ("nats-bench", "topology"), ("nas-bench-201", None)):
        return {"op_names": list(OPERATIONS), "num_nodes": 4}
    if (main_tag, aux_tag) in (("nats-bench", "sss"), ("nats-bench", "size")):
        return {"candidates": list(range(8, 72, 8)), "num_layers": 5}
    raise BadSetting(f"there is no space ({main_tag!r}, {aux_tag!r}); say ('nats-bench', 'tss' or 'sss')")
