"""What one architecture's dictionaries say, taken apart and checked.

All formats have the same dictionaries in them, the states of the published library's ``ArchResults`` (an architecture
trained by one recipe) and ``ResultsCount`` (one training). Epochs are numbered from 0; ``x-valid@199`` is what was
measured on ``x-valid`` after the 200th. An epoch's seconds are the same for all epochs of most trainings: the published
times are estimates, from a few epochs on one machine.

Reference: https://github.com/D-X-Y/NATS-Bench, ``nats_bench/api_utils.py``
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile
from nasbed.tables.natsbench.trainings import Published, Run

_CURVES = {
    "train_acc1es": "train/accuracy",
    "train_acc5es": "train/top5",
    "train_losses": "train/loss",
    "train_times": "train/time",
}
_EVALUATED = {
    "eval_acc1es": "accuracy",
    "eval_acc5es": "top5",
    "eval_losses": "loss",
    "eval_times": "time",
}
_TAKEN = {*_CURVES, *_EVALUATED, "params", "flop", "epochs", "latency", "net_state_dict"}
_EPOCHS_AT_MOST = 10_000
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
            raise CorruptFile(f"{name}: {hp!r} is no name of a recipe")
        where = f"{name}, {hp} epochs"
        results = _a(dict, _of(state, "all_results", where), where)
        about = {key: value for key, value in state.items() if key != "all_results"}
        _check_architecture(about, index, archs, where)
        _check_seeds(about, results, where)
        runs.extend(_run(hp, key, result, where) for key, result in results.items())
        other[hp] = about
    return Published(index, archs[index], tuple(runs), other)


def _check_architecture(about: Mapping[str, Any], index: int, archs: Sequence[str], where: str) -> None:
    """Refuse the results of another architecture."""
    if about.get("arch_index") != index or about.get("arch_str") != archs[index]:
        raise CorruptFile(
            f"{where}: it has the results of architecture {about.get('arch_index')}, {about.get('arch_str')}, where "
            f"those of {index}, {archs[index]}, should be"
        )


def _check_seeds(about: Mapping[str, Any], results: Collection[Any], where: str) -> None:
    """Refuse a list of seeds that names a training that is not there, or leaves one out."""
    seeds = _a(dict, _of(about, "dataset_seed", where), where)
    named = {(data, seed) for data, some in seeds.items() for seed in _a(list, some, where)}
    if named != set(results):
        raise CorruptFile(f"{where}: its list of seeds is not that of its results: {sorted(named ^ set(results))[:3]}")


def _run(hp: str, key: Any, state: Any, where: str) -> Run:
    """Give one training."""
    if not (isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], str) and isinstance(key[1], int)):
        raise CorruptFile(f"{where}: {key!r} does not name a data set and a seed")
    data, seed = key
    where = f"{where}, {data}, seed {seed}"
    epochs = _of(state, "epochs", where)
    if not isinstance(epochs, int) or not 0 < epochs <= _EPOCHS_AT_MOST:
        raise CorruptFile(f"{where}: {epochs!r} is no number of epochs")
    return Run(
        hp=hp,
        data=data,
        seed=seed,
        epochs=epochs,
        params=_number(_of(state, "params", where), where),
        flops=_number(_of(state, "flop", where), where),
        curves={
            curve: _curve(state[name], epochs, f"{where}, {name}")
            for name, curve in _CURVES.items()
            if state.get(name) is not None
        },
        evaluations=_evaluations(state, epochs, where),
        latency=tuple(_number(value, where) for value in state.get("latency") or ()),
        other={name: value for name, value in state.items() if name not in _TAKEN},
    )


def _curve(values: Any, epochs: int, where: str) -> NDArray[np.float64]:
    """Give the values of the epochs in their order, NaN where there is none."""
    found = list(map(_a(dict, values, where).get, range(epochs)))
    if len(values) > epochs or len(values) != epochs - found.count(None) + list(values.values()).count(None):
        raise CorruptFile(f"{where}: it has epochs that are not among 0 to {epochs - 1}")
    if not _NUMBERS.issuperset(map(type, found)):
        raise CorruptFile(f"{where}: {next(v for v in found if type(v) not in _NUMBERS)!r} is no number")
    return np.array(found, np.float64)


def _evaluations(state: Mapping[str, Any], epochs: int, where: str) -> dict[tuple[str, int], dict[str, float]]:
    """Give what was measured on each split after each epoch."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    for name, metric in _EVALUATED.items():
        values = state.get(name)
        if values is None:
            continue
        for key, value in _a(dict, values, f"{where}, {name}").items():
            split, epoch = place = _split_and_epoch(key)
            if not split or not 0 <= epoch < epochs:
                raise CorruptFile(f"{where}, {name}: {key!r} is not a split and an epoch below {epochs}")
            if value is not None:
                found.setdefault(place, {})[metric] = value if type(value) is float else _number(value, where)
    return found


@lru_cache(4096)
def _split_and_epoch(key: Any) -> tuple[str, int]:
    """Take ``x-valid@199`` apart; an empty split where it is nothing of the kind."""
    split, at, epoch = key.rpartition("@") if isinstance(key, str) else ("", "", "")
    return (split, int(epoch)) if at and epoch.isascii() and epoch.isdigit() else ("", -1)


def _of(state: Any, key: str, where: str) -> Any:
    """Give what a dictionary must have."""
    if key not in _a(dict, state, where):
        raise CorruptFile(f"{where}: it lacks {key!r}, so that it is no result of NAS-Bench-201 or NATS-Bench")
    return state[key]


def _a(kind: type, value: Any, where: str) -> Any:
    """Give a value that must be of a kind."""
    if not isinstance(value, kind):
        raise CorruptFile(f"{where}: {value!r:.80} stands where a {kind.__name__} should be")
    return value


def _number(value: Any, where: str) -> float:
    if not isinstance(value, Real):
        raise CorruptFile(f"{where}: {value!r:.80} is no number")
    return float(value)
