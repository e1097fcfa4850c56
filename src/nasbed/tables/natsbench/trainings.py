"""What the published files of NAS-Bench-201 and NATS-Bench say, whichever format they say it in.

An architecture was trained several times: with each of some recipes (``hp``), on each data set, with each of some
seeds. Everything here is as it is in the file. Nothing is averaged, converted or derived; what a file lacks is absent,
or NaN inside a curve.

Reference: Dong & Yang, ICLR 2020, https://arxiv.org/abs/2001.00326; Dong et al., TPAMI 2021,
https://arxiv.org/abs/2009.00437
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


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
    curves: Mapping[str, NDArray[np.float64]]
    evaluations: Mapping[tuple[str, int], Mapping[str, float]]
    latency: tuple[float, ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict)


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


@runtime_checkable
class Source(Protocol):
    """Published results, wherever they lie: iterated over, one `Published` an architecture, in no promised order."""

    @property
    def name(self) -> str:
        """What people call it: the name of the folder or file."""
        ...

    @property
    def space(self) -> str:
        """``nasbench201`` or ``natssize``."""
        ...

    @property
    def archs(self) -> Sequence[str]:
        """The strings of all architectures of the space in the official order, with or without results here."""
        ...

    def __len__(self) -> int:
        """How many architectures have results here."""
        ...

    def __iter__(self) -> Iterator[Published]:
        """Read them one by one.

        Raises:
            CorruptFile: When a file is cut off, foreign, contradicts the index or wants to call anything.
        """
        ...

    def parts(self, count: int) -> Sequence[Source]:
        """Divide it into at most ``count`` of about one size, which can be pickled, to be read by as many processes."""
        ...

    def checksums(self) -> dict[str, str]:
        """SHA-256 of what it is read from, by file name, for the provenance of a table."""
        ...
