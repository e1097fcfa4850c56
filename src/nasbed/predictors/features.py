"""Features: the numbers of an encoding as regressors take them: on one scale, without those that never differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nasbed.core.errors import BadSetting
from nasbed.core.space import Space
from nasbed.encodings.joining import Encoding, encoding
from nasbed.encodings.quantiles import normal_quantiles
from nasbed.predictors.kernel import Floats, Kernel, Part

_UNSCALED = ("wl",)
"""Blocks of counts whose kernel is a normalised dot product, which is of the counts themselves."""

_RANKED = ("columns",)
"""Blocks of numbers on whatever scale, such as scores of many orders of magnitude: normal quantiles of their ranks."""


class Features:
    """An encoding whose numbers have mean 0 and variance 1 over the functions of the space.

    Scales are of the space and not of the architectures that were trained: what is seen once is far from what was not
    seen, however few were. Histograms of ``wl`` stay as they are. Of ``columns``, normal quantiles of the ranks count,
    and what is around an architecture is a block of its own beside them, where that is known; see ``Columns.around``.

    Args:
        encoding: The encoding, or its name.
        space: The space, where a name is given.

    Attributes:
        blocks: Where the numbers of each block stand; a block whose numbers never differ is left out.
        names: What each number says.

    Raises:
        BadSetting: When all of its numbers are the same for all architectures.
    """

    def __init__(self, encoded: Encoding | str, space: Space) -> None:
        self.encoding = encoding(encoded, space) if isinstance(encoded, str) else encoded
        self._whole = self.encoding
        for name, part in self.encoding.parts.items():
            if name.split(":")[0] in _RANKED and part.around is not None:
                self._whole = Encoding(space, {**self._whole.parts, f"{name} around": part.around})
        numbers = self._whole(self.encoding.typical())
        self._ranks = dict[int, tuple[Floats, Floats]]()
        for name, columns in self.encoding.blocks.items():
            if name.split(":")[0] in _RANKED:
                self._ranks |= {i: normal_quantiles(numbers[:, i])[:2] for i in range(columns.start, columns.stop)}
        numbers = self._ranked(numbers)
        centre, spread = numbers.mean(axis=0), numbers.std(axis=0)
        kept, parts, start = [], list[Part](), 0
        self.blocks = dict[str, slice]()
        for name, columns in self._whole.blocks.items():
            is_linear = name.split(":")[0] in _UNSCALED
            some = np.arange(columns.start, columns.stop)
            some = some if is_linear else some[spread[some] > 1e-9 * (1.0 + np.abs(centre[some]))]
            if not len(some):
                continue
            if is_linear:
                centre[some], spread[some] = 0.0, 1.0
            kept.append(some)
            self.blocks[name] = slice(start, start := start + len(some))
            parts.append(Part(self.blocks[name], is_linear))
        if not parts:
            raise BadSetting(f"the encoding {self.encoding.name} has the same numbers for all of {space.name}")
        self._kept = np.concatenate(kept)
        self.names = tuple(self._whole.names[i] for i in self._kept.tolist())
        self._usual, self._centre, self._spread = centre, centre[self._kept], spread[self._kept]
        self.kernel = Kernel(tuple(parts))

    def raw(self, numbers: Floats) -> Floats:
        """Return all numbers as the encoding has them, ``(n, len(encoding))``, those that never differ among them."""
        found = np.tile(self._usual, (len(numbers), 1))
        found[:, self._kept] = numbers * self._spread + self._centre
        for i, (different, quantiles) in self._ranks.items():
            found[:, i] = np.interp(found[:, i], quantiles, different)
        return found[:, : len(self.encoding)]

    def _ranked(self, numbers: Floats) -> Floats:
        """Put normal quantiles in the place of numbers whose scale means nothing; between known ones, a line."""
        for i, (different, quantiles) in self._ranks.items():
            numbers[:, i] = np.interp(numbers[:, i], different, quantiles)
        return numbers

    def __call__(self, archs: ArrayLike) -> Floats:
        """Return the numbers of n architectures, ``(n, numbers)``."""
        numbers: Floats = (self._ranked(self._whole(archs))[:, self._kept] - self._centre) / self._spread
        return numbers

    def of(self, number: int) -> Features:
        """Return what one of several predictors reads: all of them these."""
        return self

    def part(self, number: int, numbers: Floats) -> Floats:
        """Return which of the numbers one of several predictors reads, ``(n, …)``: all of them."""
        return numbers


class Beside(Features):
    """What several predictors read, where it is not the same: side by side, each once.

    Args:
        each: What each of them reads.
    """

    def __init__(self, each: Sequence[Features]) -> None:
        self._each = tuple(each)
        self._different = list(dict.fromkeys(self._each))
        self.encoding, self.kernel = each[0].encoding, each[0].kernel
        self.names = tuple(name for one in self._different for name in one.names)
        ends = np.cumsum([len(one.names) for one in self._different]).tolist()
        self._columns = [slice(end - len(one.names), end) for one, end in zip(self._different, ends, strict=True)]
        self.blocks = dict[str, slice]()
        for one, columns in zip(self._different, self._columns, strict=True):
            for name, some in one.blocks.items():
                called = name if name not in self.blocks else f"{name}, again"
                self.blocks[called] = slice(columns.start + some.start, columns.start + some.stop)

    def of(self, number: int) -> Features:
        """Return what one of them reads."""
        return self._each[number]

    def part(self, number: int, numbers: Floats) -> Floats:
        """Return which of the numbers one of them reads."""
        found: Floats = numbers[:, self._columns[self._different.index(self._each[number])]]
        return found

    def raw(self, numbers: Floats) -> Floats:
        """Return the numbers of the first one's encoding."""
        return self._each[0].raw(self.part(0, numbers))

    def __call__(self, archs: ArrayLike) -> Floats:
        """Return all numbers of n architectures, ``(n, numbers)``."""
        return np.concatenate([one(archs) for one in self._different], axis=1)
