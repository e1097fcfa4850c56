"""The space of once-for-all networks: MobileNetV3 with a depth for each of five units, and a kernel and an expansion
for each block.

Reference: Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment", ICLR 2020,
https://arxiv.org/abs/1908.09791, and https://github.com/mit-han-lab/once-for-all
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nasbed.core.bounds import Positive, check
from nasbed.core.errors import InvalidArchitecture, in_a_line
from nasbed.core.records import Archs
from nasbed.spaces.expression import Expression
from nasbed.spaces.notation import choice, depth, op, seq
from nasbed.spaces.written import WrittenSpace

DEPTHS = (2, 3, 4)
"""How many blocks a unit has."""

KERNELS = (3, 5, 7)
"""Height and width of a block's depthwise convolution."""

EXPANSIONS = (3, 4, 6)
"""How many times as wide a block is within."""


class Unit(NamedTuple):
    """What the blocks of a unit have in common; the first of them has the stride."""

    channels: int
    stride: int
    activation: str
    squeezes: bool


UNITS = (
    Unit(24, 2, "relu", False),
    Unit(40, 2, "relu", True),
    Unit(80, 2, "h_swish", False),
    Unit(112, 1, "h_swish", True),
    Unit(160, 2, "h_swish", True),
)
"""As in ``ofa/imagenet_classification/elastic_nn/networks/ofa_mbv3.py``.

Before them come a convolution and a block of 16 channels, behind them layers of 960 and 1,280.
"""

_BLOCKS = DEPTHS[-1] * len(UNITS)
_LONGEST = 5_000  # characters, several times what a configuration takes


class Mobile(WrittenSpace):
    """Five units of two to four blocks, each with its kernel and its expansion: the 7,371⁵ networks of once-for-all.

    A row has for each unit its depth, and then a kernel and an expansion for each of four blocks; those of blocks
    beyond the depth do not count. The published space has 25 sizes of images besides, which are no part of a network.

    Args:
        width: By how much all channels are multiplied, rounded to multiples of 8: 1.0 and 1.2 are published.
    """

    name = "mobile"

    def __init__(self, width: Positive = 1.0) -> None:
        check("width", width, Positive)
        self.width = width
        units = [depth(partial(_block, unit, self._wide(unit.channels)), *DEPTHS, name=f"unit{i}")
                 for i, unit in enumerate(UNITS)]  # fmt: skip
        first = op("mbconv", channels=self._wide(16), kernel=3, expand=1, activation="relu", se=False)
        stem = op("stem", channels=self._wide(16), stride=2, activation="h_swish")
        head = op("head", channels=(self._wide(960), self._wide(1280)), activation="h_swish")
        super().__init__(seq(stem, first, *units, head), type(self).name)

    def _wide(self, channels: int) -> int:
        """Return channels times the width, as a multiple of 8 that is not more than a tenth below.

        The rule of ``make_divisible`` in all implementations of MobileNets.
        """
        rounded = max(8, int(channels * self.width + 4) // 8 * 8)
        return rounded + 8 * (rounded < 0.9 * channels * self.width)

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again."""
        return {"width": self.width}

    # ── between rows and published configurations ─────────────────────────────────────────────────────────────

    def configuration(self, arch: Archs) -> dict[str, list[int]]:
        """Give the published configuration of one network: ``ks`` and ``e`` of all 20 blocks, ``d`` of the five units.

        Blocks beyond a unit's depth have the first kernel and expansion.

        Raises:
            InvalidArchitecture: When it is not of this space.
        """
        found: dict[str, list[int]] = {"ks": [], "e": [], "d": []}
        kinds = {"kernel": "ks", "expand": "e", "depth": "d"}
        for slot, value in zip(self.slots, self._row(arch).tolist(), strict=True):
            found[kinds[slot.name.rpartition(".")[2]]].append(slot.values[value])
        return found

    def parse(self, text: str) -> Archs:
        """Read the published configuration, ``{"ks": […], "e": […], "d": […]}``, as JSON or as Python prints it.

        Its ``wid``, where it has one, is not read, nor is ``r``, the size of images. Besides, what every written space
        reads: names and values, or the row's own numbers.
        """
        said = text if isinstance(text, str) else repr(text)
        given = _configuration(said)
        return super().parse(said) if given is None else self._row_of(given)

    def _row_of(self, given: Mapping[str, Any]) -> Archs:
        """Return the row of a published configuration."""
        wanted = {"ks": (KERNELS, _BLOCKS), "e": (EXPANSIONS, _BLOCKS), "d": (DEPTHS, len(UNITS))}
        for name, (values, count) in wanted.items():
            numbers = given.get(name)
            if not isinstance(numbers, list) or len(numbers) != count or not all(one in values for one in numbers):
                known = ", ".join(map(str, values))
                raise InvalidArchitecture(
                    f"{name} is a list of {count} numbers out of {known}, not {in_a_line(numbers)}"
                )
        columns = {"kernel": iter(given["ks"]), "expand": iter(given["e"]), "depth": iter(given["d"])}
        row = [slot.values.index(next(columns[slot.name.rpartition(".")[2]])) for slot in self.slots]
        return self._row(np.array(row, np.int8))

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the published configuration of one network."""
        return {"configuration": str(self.configuration(arch))}


def _block(unit: Unit, channels: int, i: int) -> Expression:
    """Return block i of a unit."""
    kernel, expand, shape = choice(*KERNELS), choice(*EXPANSIONS), {"stride": unit.stride} if i == 0 else {}
    rest = {"activation": unit.activation, "se": unit.squeezes}
    return op("mbconv", channels=channels, **shape, kernel=kernel, expand=expand, **rest)


def _configuration(text: str) -> Mapping[str, Any] | None:
    """Return a published configuration; None where a text is none."""
    if len(text) > _LONGEST or not text.strip().startswith("{") or "null" in text:
        return None
    try:
        found = ast.literal_eval(text.strip())
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, dict) and {"ks", "e", "d"} & set(found) else None
