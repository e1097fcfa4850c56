"""The two spaces of NATS-Bench as published: ``create``, ``NATStopology`` and ``NATSsize``.

Reference: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from nasbed.compat.nats_bench import structure
from nasbed.compat.nats_bench.api import NASBenchMetaAPI
from nasbed.compat.nats_bench.results import SIZE, TOPOLOGY
from nasbed.core.errors import BadSetting


class NATStopology(NASBenchMetaAPI):
    """Answers for the topology space, NAS-Bench-201's; see `NASBenchMetaAPI`."""

    full_epochs_in_paper = 200
    is_size, is_topology = False, True
    search_space_name = "topology"
    _space = "nasbench201"
    _splits_printed = TOPOLOGY

    def get_unique_str(self, arch: Any) -> str:
        """Write what a cell computes, so that cells which compute the same by the published rule agree.

        Raises:
            NotMeasured: A ``ValueError``: when it is no architecture.
        """
        cell = structure.topology_str2structure(self.meta_archs[self._index(arch)])
        return cell.to_unique_str(consider_zero=True)

    str2lists = staticmethod(structure.str2lists)
    str2matrix = staticmethod(structure.str2matrix)


class NATSsize(NASBenchMetaAPI):
    """Answers for the size space; see `NASBenchMetaAPI`."""

    full_epochs_in_paper = 90
    is_size, is_topology = True, False
    search_space_name = "size"
    _space = "natssize"
    _splits_printed = SIZE


def create(
    file_path_or_dict: str | PathLike[str] | Mapping[str, Any] | Any | None,
    search_space: str,
    fast_mode: bool = False,
    verbose: bool = True,
) -> NATStopology | NATSsize:
    """Open the results of a search space; see `NASBenchMetaAPI`.

    Args:
        file_path_or_dict: A published folder or ``.pth``, a table or its path; None for what has been imported, or
            lies in ``TORCH_HOME``.
        search_space: ``tss`` or ``topology``; ``sss`` or ``size``.
        fast_mode: Read an architecture's file when it is asked for, instead of importing all.
        verbose: Say what is opened, and what is imported.

    Raises:
        BadSetting: A ``ValueError``: for another search space, or when there is nothing to open.
    """
    if search_space in ("tss", "topology"):
        return NATStopology(file_path_or_dict, fast_mode, verbose)
    if search_space in ("sss", "size"):
        return NATSsize(file_path_or_dict, fast_mode, verbose)
    raise BadSetting(f"invalid search space : {search_space}; there are tss (or topology) and sss (or size)")
