"""What one architecture's dictionaries say, taken apart and checked.

All formats have the same dictionaries in them, the states of the published library's ``ArchResults`` (an architecture
trained by one recipe) and ``ResultsCount`` (one training). Epochs are numbered from 0; ``x-valid@199`` is what was
measured on ``x-valid`` after the 200th. An epoch's seconds are the same for all epochs of most trainings: the published
times are estimates, from a few epochs on one machine.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py``
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from numbers import Real
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.names import TRAIN
from nasbed.readers.natsbench.trainings import Layout, Measured, Published, Run
from nasbed.readers.pickles import shown

_METRICS = {"acc1es": "accuracy", "acc5es": "top5", "losses": "loss", "times": "time"}
_MEASURED = [f"{kind}_{published}" for kind in ("train", "eval") for published in _METRICS]
_TAKEN = {*_MEASURED, "params", "flop", "epochs", "latency", "net_state_dict"}
_EPOCHS_AT_MOST, _RUNS_AT_MOST = 10_000, 1000
_EPOCHS_PER_VALUE = 16  # at most: a curve takes room for all its epochs, whether they have values or not
_NAME = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_SPLIT_AND_EPOCH = re.compile(rf"({_NAME.pattern})@([0-9]{{1,6}})")
_NUMBERS = frozenset({float, int, np.float64, np.float32, np.int64, np.int32, np.float16, NoneType})


def published_of(states: Mapping[str, Any], index: int, arch: str, name: str) -> Published:
    """Give an architecture's trainings.

    Args:
        states: The state of each recipe, by the recipe's name.
        index: Which architecture they should be of.
        arch: Its string.
        name: What errors call it.

    Raises:
        CorruptFile: When something is missing, of the wrong kind, or of another architecture.
    """
    runs: list[Run] = []
    other: dict[str, Any] = {}
    if not isinstance(states, dict) or not all(isinstance(hp, str) for hp in states):
        raise CorruptFile(f"{name}: {shown(states)} stands where a dict of recipes by their names should be")
    for hp, state in states.items():
        where = f"{name}, {hp} epochs"
        results = _of(state, "all_results", dict, where)
        if len(results) > _RUNS_AT_MOST:
            raise CorruptFile(f"{where}: it has {len(results):,} trainings; {_RUNS_AT_MOST:,} are read at most")
        found, text = _of(state, "arch_index", int, where), _of(state, "arch_str", str, where)
        if (found, text) != (index, arch):
            raise CorruptFile(
                f"{where}: it has the results of architecture {found}, {shown(text)}, where those of {index}, {arch}, "
                "should be"
            )
        seeds = _of(state, "dataset_seed", dict, where)
        named = [(data, seed) for data in seeds for seed in _of(seeds, data, list, where)]
        if not all(isinstance(seed, int) for _, seed in named) or set(named) != set(results):
            raise CorruptFile(f"{where}: its list of seeds, {shown(named)}, is not that of its results")
        runs.extend(_run(hp, key, result, where) for key, result in results.items())
        other[hp] = {key: value for key, value in state.items() if key != "all_results"}
    return Published(index, arch, tuple(runs), other)


def _run(hp: str, key: Any, state: Any, where: str) -> Run:
    """Give one training."""
    data, seed = key if isinstance(key, tuple) and len(key) == 2 else (None, None)
    if not (isinstance(data, str) and isinstance(seed, int) and _NAME.fullmatch(data) and 0 <= seed < 1 << 62):
        raise CorruptFile(f"{where}: {shown(key)} is no name of a data set and a seed from 0")
    where = f"{where}, {data}, seed {seed}"
    epochs = _of(state, "epochs", int, where)
    if not 0 < epochs <= _EPOCHS_AT_MOST:
        raise CorruptFile(f"{where}: {shown(epochs)} is no number of epochs")
    latency = () if state.get("latency") is None else state["latency"]
    is_some = isinstance(latency, list | tuple) and len(latency) <= _EPOCHS_AT_MOST
    if not is_some or not all(isinstance(value, Real) for value in latency):
        raise CorruptFile(f"{where}: {shown(latency)} stands where a list of latencies should be")
    return Run(
        hp=hp,
        data=data,
        seed=seed,
        epochs=epochs,
        params=float(_of(state, "params", Real, where)),
        flops=float(_of(state, "flop", Real, where)),
        measured=_measured(state, epochs, where),
        latency=tuple(map(float, latency)),
        other={name: value for name, value in state.items() if name not in _TAKEN},
    )


def _measured(state: Mapping[str, Any], epochs: int, where: str) -> Measured:
    """Give what was measured epoch by epoch; of curves the missing epochs are NaN, of evaluations they are absent."""
    found = {name: state[name] for name in _MEASURED if state.get(name) is not None}
    for name, values in found.items():
        if type(values) is not dict:
            found[name] = _of(state, name, dict, where)
    numbers = [*chain.from_iterable(values.values() for values in found.values())]
    kinds = set(map(type, numbers))
    if not kinds <= _NUMBERS:
        raise CorruptFile(f"{where}: {shown(next(one for one in numbers if type(one) not in _NUMBERS))} is no number")
    if NoneType in kinds:
        found = {name: {key: one for key, one in some.items() if one is not None} for name, some in found.items()}
        numbers = [one for one in numbers if one is not None]
    try:
        layout, order = _layout(tuple((name, tuple(values)) for name, values in found.items()), epochs)
    except ValueError as error:
        raise CorruptFile(f"{where}, {error}") from None
    # This takes a fifth of the time of np.array.
    measured = np.frombuffer(struct.pack(f"{len(numbers)}d", *numbers), np.float64)
    return Measured(layout, measured if order is None else np.append(measured, np.nan)[order])


@lru_cache(64)
def _layout(found: tuple[tuple[str, tuple[Any, ...]], ...], epochs: int) -> tuple[Layout, NDArray[np.int64] | None]:
    """Tell what numbers are from the keys of the dictionaries that they are in, which are the same in most files.

    Returns:
        The layout, and where the numbers are among those of the dictionaries, the missing ones behind their end; None
        where they lie as they should.

    Raises:
        ValueError: Saying which key is none.
    """
    places: dict[str, dict[int, int]] = {}
    count = 0
    for name, keys in found:
        kind, _, published = name.partition("_")
        is_curve, metric = kind == TRAIN, _METRICS[published]
        for key in keys:
            text = f"{TRAIN}@{key}" if is_curve and isinstance(key, int) else key
            match = _SPLIT_AND_EPOCH.fullmatch(text) if isinstance(text, str) else None
            split, epoch = (match[1], int(match[2])) if match else ("", epochs)
            known = places.setdefault(f"{split}/{metric}", {})
            if (split == TRAIN) != is_curve or epoch >= epochs or epoch in known:
                raise ValueError(f"{name}: {shown(key)} is no epoch, or split and epoch, below {epochs}, or is twice")
            known[epoch] = count
            count += 1
        if is_curve:
            if epochs > _EPOCHS_PER_VALUE * (len(keys) + 1):
                raise ValueError(f"{name}: it has {len(keys)} of {epochs:,} epochs")
            known = places.get(f"{TRAIN}/{metric}", {})
            places[f"{TRAIN}/{metric}"] = {epoch: known.get(epoch, -1) for epoch in range(epochs)}
    order = np.array([place for known in places.values() for place in known.values()], np.int64)
    layout = tuple((name, tuple(known)) for name, known in places.items())
    return layout, None if np.array_equal(order, np.arange(count)) else order


def _of(state: Any, key: str, kind: type, where: str) -> Any:
    """Give what a dictionary must have, of the kind that it must be."""
    value = state.get(key) if isinstance(state, dict) else None
    if not isinstance(value, kind):
        raise CorruptFile(f"{where}: {shown(value)} stands where {key!r}, a {kind.__name__}, should be")
    return value
