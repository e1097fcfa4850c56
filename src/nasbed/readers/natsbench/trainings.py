"""What the published files of NAS-Bench-201 and NATS-Bench say, whichever format they say it in.

An architecture was trained several times: with each of some recipes (``hp``), on each data set, with each of some
seeds. Everything here is as it is in the file. Nothing is averaged, converted or derived; what a file lacks is absent,
or NaN inside a curve.

Reference: Dong & Yang, ICLR 2020, https://arxiv.org/abs/2001.00326; Dong et al., TPAMI 2021,
https://arxiv.org/abs/2009.00437
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.readers.names import TRAIN

Layout = tuple[tuple[str, tuple[int, ...]], ...]
"""Names such as ``train/loss`` or ``x-valid/accuracy``, and the epochs, from 0, after which each was measured."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of a training, as one array: trainings of one layout are put side by side as they are.

    Attributes:
        layout: What the numbers are; that of many trainings is one object.
        numbers: One an epoch of each name, one name behind the other, ``(k,)``.
    """

    layout: Layout
    numbers: NDArray[np.float64]

    def parts(self) -> Iterator[tuple[str, tuple[int, ...], NDArray[np.float64]]]:
        """Go through the names, with their epochs and numbers."""
        begin = 0
        for name, epochs in self.layout:
            yield name, epochs, self.numbers[begin : begin + len(epochs)]
            begin += len(epochs)


@dataclass(frozen=True, eq=False)
class Run:
    """One training of one architecture.

    Attributes:
        hp: The recipe, named for its epochs: ``"12"`` or ``"200"``; in the size space ``"01"``, ``"12"``, ``"90"``.
        data: What it was trained on: ``cifar10-valid`` (the 25k half), ``cifar10``, ``cifar100`` or ``ImageNet16-120``.
        seed: Of the training.
        epochs: How many there were.
        params: Trainable parameters in millions, as published.
        flops: Multiply-adds of one image in millions, as published.
        measured: Everything that was measured epoch by epoch, of which the following are views.
        curves: By ``train/accuracy`` (%), ``train/top5`` (%), ``train/loss`` and ``train/time`` (s an epoch), one value
            an epoch, ``(epochs,)``, NaN where the file has none. A curve that a file has not at all is absent.
        evaluations: By split (``x-valid``, ``x-test``, ``ori-test``, as the file calls them) and epoch (from 0) what
            was measured there: ``accuracy`` (%), ``top5`` (%), ``loss``, ``time`` (s). Some epochs have a time alone.
        latency: Seconds for a batch of 256 images, each measurement; empty where none is published.
        other: Whatever else the file says and is a plain value, by its name there.
    """

    hp: str
    data: str
    seed: int
    epochs: int
    params: float
    flops: float
    measured: Measured
    latency: tuple[float, ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def curves(self) -> dict[str, NDArray[np.float64]]:
        """What was measured of the training itself, by name."""
        return {name: numbers for name, _, numbers in self.measured.parts() if name.startswith(f"{TRAIN}/")}

    @cached_property
    def evaluations(self) -> dict[tuple[str, int], dict[str, float]]:
        """What was measured on each split after each epoch."""
        found: dict[tuple[str, int], dict[str, float]] = {}
        for name, epochs, numbers in self.measured.parts():
            split, _, metric = name.partition("/")
            for epoch, value in zip(epochs, numbers.tolist(), strict=True) if split != TRAIN else ():
                found.setdefault((split, epoch), {})[metric] = value
        return found


@dataclass(frozen=True, eq=False)
class Published:
    """All trainings of one architecture.

    Attributes:
        index: The official one.
        arch: Its string.
        runs: In the order of the file.
        other: What else the file says of the architecture.
    """

    index: int
    arch: str
    runs: tuple[Run, ...]
    other: Mapping[str, Any] = field(default_factory=dict)
