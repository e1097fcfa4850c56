"""The published interface of NATS-Bench, ``nats_bench``: see ``api``.

Reference: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench
"""

from nasbed.compat.nats_bench.api import NATSsize, NATStopology, create
from nasbed.compat.nats_bench.nas_bench_201 import NASBench201API
from nasbed.compat.nats_bench.result import ResultsCount
from nasbed.compat.nats_bench.results import ArchResults
from nasbed.compat.nats_bench.structure import topology_str2structure

__all__ = [
    "ArchResults",
    "NASBench201API",
    "NATSsize",
    "NATStopology",
    "ResultsCount",
    "create",
    "topology_str2structure",
    "version",
]


def version() -> str:
    """Name the published version whose rules are followed."""
    return "v1.8"
