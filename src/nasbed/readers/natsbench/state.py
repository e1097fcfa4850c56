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
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.readers.names import TRAIN
from nasbed.readers.natsbench.trainings import Layout, Measured, Published, Run
from nasbed.readers.pickles import shown

_METRICS = {"acc1es": "accuracy", "acc5es": "top5", "losses": "loss", "times": "time"}
_CURVES = {f"train_{published}": f"{TRAIN}/{metric}" for published, metric in _METRICS.items()}
_EVALUATED = {f"eval_{published}": metric for published, metric in _METRICS.items()}
_MEASURED = (*_CURVES, *_EVALUATED)
_TAKEN = {*_MEASURED, "params", "flop", "epochs", "latency", "net_state_dict"}
_EPOCHS_AT_MOST, _RUNS_AT_MOST = 10_000, 1000
_EPOCHS_PER_VALUE = 16  # at most: a curve takes room for all its epochs, whether they have values or not
_NAME = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_SPLIT_AND_EPOCH = re.compile(rf"({_NAME.pattern})@([0-9]{{1,6}})")
_NUMBERS = frozenset({float, int, np.float64, np.float32, np.int64, np.int32, np.float16, type(None)})


def published_of(states: Mapping[str, Any], index: int, archs: Sequence[str], name: str) -> Published:
    """Give an architecture's trainings.

    Args:
        states: The state of each recipe, by the recipe's name.
        index: Which architecture they should be of.
        archs: The strings of all.
        name: What errors call it.

    Raises:
        CorruptFile: When something is missing, of the wrong kind, or of another architecture.
    """
    runs: list[Run] = []
    other: dict[str, Any] = {}
    for hp, state in _a(dict, states, name).items():
        if not isinstance(hp, str):
            raise CorruptFile(f"{name}: {shown(hp)} is no name of a recipe")
        where = f"{name}, {hp} epochs"
        results = _a(dict, _of(state, "all_results", where), where)
        about = {key: value for key, value in state.items() if key != "all_results"}
        _check_architecture(about, index, archs, where)
        if len(results) > _RUNS_AT_MOST:
            raise CorruptFile(f"{where}: it has {len(results):,} trainings; {_RUNS_AT_MOST:,} are read at most")
        _check_seeds(about, results, where)
        runs.extend(_run(hp, key, result, where) for key, result in results.items())
        other[hp] = about
    return Published(index, archs[index], tuple(runs), other)


def _check_architecture(about: Mapping[str, Any], index: int, archs: Sequence[str], where: str) -> None:
    """Refuse the results of another architecture."""
    found, text = about.get("arch_index"), about.get("arch_str")
    if not isinstance(found, int) or not isinstance(text, str) or (found, text) != (index, archs[index]):
        raise CorruptFile(
            f"{where}: it has the results of architecture {shown(found)}, {shown(text)}, where those of {index}, "
            f"{archs[index]}, should be"
        )


def _check_seeds(about: Mapping[str, Any], results: Collection[Any], where: str) -> None:
    """Refuse a list of seeds that names a training that is not there, or leaves one out."""
    seeds = _a(dict, _of(about, "dataset_seed", where), where)
    named = [(data, seed) for data, some in seeds.items() for seed in _a(list, some, where)]
    if not all(isinstance(seed, int) for _, seed in named) or set(named) != set(results):
        raise CorruptFile(f"{where}: its list of seeds, {shown(named)}, is not that of its results")


def _run(hp: str, key: Any, state: Any, where: str) -> Run:
    """Give one training."""
    data, seed = key if isinstance(key, tuple) and len(key) == 2 else (None, None)
    if not (isinstance(data, str) and isinstance(seed, int) and _NAME.fullmatch(data) and 0 <= seed < 1 << 62):
        raise CorruptFile(f"{where}: {shown(key)} is no name of a data set and a seed from 0")
    where = f"{where}, {data}, seed {seed}"
    epochs = _of(state, "epochs", where)
    if not isinstance(epochs, int) or not 0 < epochs <= _EPOCHS_AT_MOST:
        raise CorruptFile(f"{where}: {shown(epochs)} is no number of epochs")
    latency = () if state.get("latency") is None else state["latency"]
    if not isinstance(latency, list | tuple) or len(latency) > _EPOCHS_AT_MOST:
        raise CorruptFile(f"{where}: {shown(latency)} stands where latencies should be")
    return Run(
        hp=hp,
        data=data,
        seed=seed,
        epochs=epochs,
        params=_number(_of(state, "params", where), where),
        flops=_number(_of(state, "flop", where), where),
        measured=_measured(state, epochs, where),
        latency=tuple(_number(value, where) for value in latency),
        other={name: value for name, value in state.items() if name not in _TAKEN},
    )


def _measured(state: Mapping[str, Any], epochs: int, where: str) -> Measured:
    """Give what was measured epoch by epoch; of curves the missing epochs are NaN, of evaluations they are absent."""
    there = [name for name in _MEASURED if state.get(name) is not None]
    found = {name: _a(dict, state[name], f"{where}, {name}") for name in there}
    numbers = [*chain.from_iterable(values.values() for values in found.values())]
    kinds = set(map(type, numbers))
    if not _NUMBERS.issuperset(kinds):
        raise CorruptFile(f"{where}: {shown(next(one for one in numbers if type(one) not in _NUMBERS))} is no number")
    if type(None) in kinds:
        for name in found.keys() & _EVALUATED.keys():
            found[name] = {key: value for key, value in found[name].items() if value is not None}
        numbers = [*chain.from_iterable(values.values() for values in found.values())]
    try:
        layout, order = _layout(tuple((name, tuple(values)) for name, values in found.items()), epochs)
    except ValueError as error:
        raise CorruptFile(f"{where}, {error.args[0]}") from None
    if order is not None or type(None) in kinds:
        made = np.array([*numbers, None], np.float64)  # None becomes NaN
        return Measured(layout, made[:-1] if order is None else made[order])
    # This takes a fifth of the time of np.array.
    return Measured(layout, np.frombuffer(struct.pack(f"{len(numbers)}d", *numbers), np.float64))


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
    begin, end = 0, sum(len(some) for _, some in found)
    for name, some in found:
        if name in _CURVES:
            if epochs > _EPOCHS_PER_VALUE * (len(some) + 1):
                raise ValueError(f"{name}: it has {len(some)} of {epochs:,} epochs")
            known = {epoch: begin + i for i, epoch in enumerate(some)}
            if not set(known) <= set(range(epochs)):
                raise ValueError(f"{name}: it has epochs that are not among 0 to {epochs - 1}")
            places[_CURVES[name]] = {epoch: known.get(epoch, end) for epoch in range(epochs)}
        for i, key in enumerate(some if name in _EVALUATED else ()):
            match = _SPLIT_AND_EPOCH.fullmatch(key) if isinstance(key, str) else None
            split, epoch = (match[1], int(match[2])) if match else (TRAIN, 0)
            known = places.setdefault(f"{split}/{_EVALUATED[name]}", {})
            if split == TRAIN or epoch >= epochs or epoch in known:
                raise ValueError(f"{name}: {shown(key)} is not a split and an epoch below {epochs}, or is there twice")
            known[epoch] = begin + i
        begin += len(some)
    order = np.array([place for known in places.values() for place in known.values()], np.int64)
    layout = tuple((name, tuple(known)) for name, known in places.items())
    return layout, None if np.array_equal(order, np.arange(end)) else order


def _of(state: Any, key: str, where: str) -> Any:
    """Give what a dictionary must have."""
    if key not in _a(dict, state, where):
        raise CorruptFile(f"{where}: it lacks {key!r}, so that it is no result of NAS-Bench-201 or NATS-Bench")
    return state[key]


def _a(kind: type, value: Any, where: str) -> Any:
    """Give a value that must be of a kind."""
    if not isinstance(value, kind):
        raise CorruptFile(f"{where}: {shown(value)} stands where a {kind.__name__} should be")
    return value


def _number(value: Any, where: str) -> float:
    if not isinstance(value, Real):
        raise CorruptFile(f"{where}: {shown(value)} is no number")
    return float(value)
