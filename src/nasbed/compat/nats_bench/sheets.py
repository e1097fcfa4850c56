"""What is asked of the trainings of one architecture together: means over seeds, one seed, what one epoch gave.

Where one of the seeds lacks something, all do: so the published code has it, whichever seed is asked for.

Reference: https://github.com/D-X-Y/NATS-Bench, ``ArchResults`` in ``nats_bench/api_utils.py``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from nasbed.compat.nats_bench.result import Info, NotMeasured, ResultsCount, mean

_AGREED = 888
"""The seed whose parameters and FLOPs count when seeds differ: those of others are wrong in some published files."""


class Sizes(NamedTuple):
    """What the trainings of an architecture say of its network, a number each.

    Attributes:
        seeds: Of the trainings, ascending.
        flops: Multiply-adds of one image, millions.
        params: Trainable parameters, millions.
        latency: Seconds for a batch; −1.0 where there is none.
    """

    seeds: Sequence[int]
    flops: Sequence[float]
    params: Sequence[float]
    latency: Sequence[float]

    @staticmethod
    def of(seeds: Sequence[int], results: Sequence[ResultsCount]) -> Sizes:
        """Ask trainings."""
        return Sizes(
            seeds,
            [result.flop for result in results],
            [result.params for result in results],
            [result.get_latency() for result in results],
        )

    @property
    def means(self) -> Info:
        """``flops``, ``params`` and ``latency`` (None where there is none), on average."""
        return {"flops": self.agreed(self.flops), "params": self.agreed(self.params), "latency": self.mean_latency}

    @property
    def mean_latency(self) -> float | None:
        """Seconds for a batch, on average over those that were measured; None where none was."""
        found = [latency for latency in self.latency if latency > 0]
        return float(mean(found)) if found else None

    def agreed(self, values: Sequence[float]) -> float:
        """Average, or, where trainings differ, take the number of seed 888."""
        if len(set(values)) > 1 and len({f"{value:.5f}" for value in values}) > 1 and _AGREED in self.seeds:
            return values[self.seeds.index(_AGREED)]
        return float(mean(values))


class Sheet(NamedTuple):
    """What the trainings of an architecture by a recipe on a data set gave after one epoch.

    Attributes:
        seeds: Of the trainings, ascending.
        epochs: How many epochs that was.
        splits: By split, ``train`` among them, loss, accuracy (%) and seconds so far of each training; those splits
            alone on which all were evaluated then.
    """

    seeds: Sequence[int]
    epochs: int
    splits: Mapping[str, Sequence[Sequence[Any]]]

    @staticmethod
    def of(seeds: Sequence[int], results: Sequence[ResultsCount], iepoch: int | None) -> Sheet:
        """Ask trainings.

        Raises:
            NotMeasured: When there was no such epoch.
        """
        train = measured(results, "train", iepoch)
        splits = {"train": [_short(values) for values in train]}
        for split in results[0].eval_names:
            with suppress(NotMeasured):
                splits[split] = [_short(values) for values in measured(results, split, iepoch)]
        return Sheet(seeds, max(values[0] for values in train) + 1, splits)

    def chosen(self, split: str, seed: int | bool) -> Sequence[Any] | None:
        """Give loss, accuracy and seconds of one training, or their means for False; None without such a split.

        Raises:
            NotMeasured: A ``ValueError``: when there is no such seed.
        """
        values = self.splits.get(split)
        return None if values is None else chosen(values, self.seeds, seed)


def measured(results: Sequence[ResultsCount], setname: str, iepoch: int | None) -> list[tuple[Any, ...]]:
    """Give of each training what ``get_train`` or ``get_eval`` gives, as tuples."""
    if setname == "train":
        return [result.train_at(iepoch) for result in results]
    return [result.eval_at(setname, iepoch) for result in results]


def chosen(values: Sequence[Sequence[Any]], seeds: Sequence[int], seed: int | bool) -> Sequence[Any]:
    """Give the values of a seed, or, for False, their means; what the first lacks is None.

    Raises:
        NotMeasured: A ``ValueError``: when there is no such seed.
    """
    if seed is False:
        return tuple(None if field[0] is None else mean(field) for field in zip(*values, strict=True))
    if seed not in seeds or isinstance(seed, bool):
        raise NotMeasured(f"can not find random seed ({seed}) from {list(seeds)}; True draws one, False averages")
    return values[seeds.index(seed)]


def compute_costs(seeds: Sequence[int], results: Sequence[ResultsCount]) -> Info:
    """Average what trainings cost; where parameters or FLOPs differ between seeds, those of seed 888 count."""
    times: dict[str, list[Any]] = {}
    for result in results:
        for name, seconds in result.get_times().items():
            times.setdefault(name, []).append(seconds)
    averaged = {name: None if None in seconds else mean(seconds) for name, seconds in times.items()}
    return Sizes.of(seeds, results).means | averaged


def _short(values: Sequence[Any]) -> tuple[Any, ...]:
    _, loss, accuracy, _, seconds = values
    return loss, accuracy, seconds
