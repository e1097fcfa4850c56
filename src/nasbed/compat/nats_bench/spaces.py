"""The two spaces of NATS-Bench as published: ``create``, ``NATStopology`` and ``NATSsize``; and ``NASBench201API``.

The last is NAS-Bench-201 as published before NATS-Bench, with recipes that are 12 epochs or not. It is `NATStopology`
with other arguments: ``use_12epochs_result`` is False by default, and takes an ``hp`` as well, as the last version of
that package does.

References: Dong et al., TPAMI 2021, https://github.com/D-X-Y/NATS-Bench; Dong & Yang, ICLR 2020,
https://github.com/D-X-Y/NAS-Bench-201, ``nas_201_api/api.py``
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from os import PathLike
from typing import Any

from nasbed.compat.nats_bench import structure
from nasbed.compat.nats_bench.api import NASBenchMetaAPI
from nasbed.compat.nats_bench.result import Info
from nasbed.compat.nats_bench.results import SIZE, TOPOLOGY
from nasbed.core.errors import BadSetting
from nasbed.core.printing import Shown


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


# ── NAS-Bench-201 as published before NATS-Bench ──────────────────────────────────────────────────────────────────────

Recipe = bool | str | int
_SHORT = "use_12epochs_result"


def _older(name: str) -> Callable[..., Any]:
    """Make a method of `NATStopology` one that takes ``use_12epochs_result``, or by its name ``hp``, for its ``hp``."""
    method = getattr(NATStopology, name)
    hp = Parameter("hp", Parameter.KEYWORD_ONLY, default=None)
    parameters = signature(method).parameters.values()
    names = [one.replace(name=_SHORT, default=False) if one.name == "hp" else one for one in parameters]
    shown = Signature([*names, hp])

    @wraps(method)
    def older(*args: Any, **named: Any) -> Any:
        given = shown.bind(*args, **named).arguments
        recipe = _recipe(given.pop(_SHORT, False), given.pop("hp", None))
        return method(given.pop("self").api, hp=recipe, **given)

    older.__signature__ = shown  # type: ignore[attr-defined]
    return older


class NASBench201API(Shown):
    """Answers for NAS-Bench-201.

    Args:
        file_path_or_dict: A published ``.pth`` or folder, what such a file holds, a table or its path; None for what
            has been imported, or lies in ``TORCH_HOME``.
        verbose: Say what is opened, and what is imported.

    Attributes:
        api: The same results behind the interface of NATS-Bench, which has what is not here.

    Raises:
        BadSetting: A ``ValueError``: when there is nothing of the kind.
        CorruptFile: A ``ValueError``: when a file is damaged, foreign or wants to run anything.
    """

    def __init__(
        self, file_path_or_dict: str | PathLike[str] | Mapping[str, Any] | None = None, verbose: bool = True
    ) -> None:
        self.api = NATStopology(file_path_or_dict, verbose=verbose)

    def __len__(self) -> int:
        return len(self.api)

    def __getitem__(self, index: int) -> str:
        return self.api[index]

    def __repr__(self) -> str:
        return f"NASBench201API({len(self.evaluated_indexes)}/{len(self)} architectures, file={self.api.filename})"

    def __getattr__(self, name: str) -> Any:
        """Give what both interfaces have: ``arch``, ``random``, ``str2lists``, ``used_time``, ``meta_archs``, ….."""
        if name == "api":
            raise AttributeError(name)
        return getattr(self.api, name)

    @property
    def evaluated_indexes(self) -> list[int]:
        """Indices with results, ascending."""
        return sorted(self.api.evaluated_indexes)

    def get_more_info(
        self,
        index: Any,
        dataset: str,
        iepoch: int | None = None,
        use_12epochs_result: Recipe = False,
        is_random: bool | int = True,
        *,
        hp: str | int | None = None,
    ) -> Info:
        """Give what `NATStopology.get_more_info` gives, without the comment."""
        info = self.api.get_more_info(index, dataset, iepoch, _recipe(use_12epochs_result, hp), is_random)
        info.pop("comment", None)
        return info

    def query_by_arch(
        self, arch: Any, use_12epochs_result: Recipe = False, *, hp: str | int | None = None
    ) -> str | None:
        """Describe an architecture's results; None when it is none, or has none."""
        index = self.api.query_index_by_arch(arch)
        if index not in self.api.evaluated_indexes:
            return None
        return self.api.query_info_str_by_arch(index, _recipe(use_12epochs_result, hp))

    query_by_index = _older("query_by_index")
    query_meta_info_by_index = _older("query_meta_info_by_index")
    find_best = _older("find_best")
    get_cost_info = _older("get_cost_info")
    get_latency = _older("get_latency")
    get_net_param = _older("get_net_param")
    statistics = _older("statistics")

    def clear_params(self, index: int, use_12epochs_result: Recipe | None = None) -> None:
        """Do nothing: there are no weights to be removed."""
        if index not in self.api.evaluated_indexes:
            warnings.warn(f"The {index}-th architecture is not in the benchmark data yet.", stacklevel=2)


def _recipe(use_12epochs_result: Recipe, hp: str | int | None) -> str:
    if hp is not None:
        return str(hp)
    if isinstance(use_12epochs_result, bool):
        return "12" if use_12epochs_result else "200"
    return str(use_12epochs_result)
