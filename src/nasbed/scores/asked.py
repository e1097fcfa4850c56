"""Asked: which architectures of a space are to be scored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.core.space import Space

_DRAWS_AT_ONCE = 256
_GIVE_UP_AFTER = 200  # draws for each architecture wanted; a space has no more, or draws them too rarely


@dataclass(frozen=True)
class Asked:
    """A random sample, a list, or with neither of them the whole space.

    Attributes:
        sample: How many different architectures are drawn.
        seed: Of the draws. A larger sample of the same seed begins with the smaller one.
        listed: Architectures as text.
    """

    sample: int | None = None
    seed: int = 0
    listed: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.sample is not None and self.listed is not None:
            raise BadSetting("give a sample, a list or the whole space; a sample and a list were given")
        if self.sample is not None and self.sample < 1:
            raise BadSetting(f"a sample has at least 1 architecture, not {self.sample}")
        if self.listed is not None and not self.listed:
            raise BadSetting("the list names no architecture")

    @classmethod
    def file(cls, path: str | Path) -> Self:
        """Read a list from a text file: an architecture a line; what follows ``#`` is passed over.

        Raises:
            BadSetting: When the file cannot be read or names nothing.
        """
        path = Path(path).expanduser()
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise BadSetting(f"the list {path} cannot be read: {why}; it has an architecture a line") from None
        lines = (line.partition("#")[0].strip().strip('"') for line in text.splitlines())
        return cls(listed=tuple(line for line in lines if line))

    def archs(self, space: Space) -> Archs:
        """Give the architectures, ``(n, decisions)``; none comes twice.

        Where the space numbers its architectures, each is as it is enumerated.

        Raises:
            BadSetting: When the space has not so many, or cannot be enumerated.
            InvalidArchitecture: When a line of the list names none.
        """
        if self.listed is not None:
            return self._parsed(space, self.listed)
        if self.sample is None:
            return space.enumerate()
        return self._drawn(space, self.sample)

    def _parsed(self, space: Space, listed: tuple[str, ...]) -> Archs:
        rows: dict[bytes, Archs] = {}
        for number, text in enumerate(listed, 1):
            try:
                arch = space.parse(text)
            except InvalidArchitecture as error:
                raise InvalidArchitecture(f"architecture {number} of the list: {error}") from None
            rows.setdefault(arch.tobytes(), arch)
        return np.stack(list(rows.values()))

    def _drawn(self, space: Space, wanted: int) -> Archs:
        """Take the first so many different ones of an endless row of draws."""
        from nasbed.core.rng import Streams

        if space.size is not None and wanted > space.size:
            raise BadSetting(f"{wanted} different architectures cannot be drawn from {space.name}: it has {space.size}")
        everything = space.enumerate() if space.is_enumerable else None
        found: dict[int, Archs] = {}
        for first in range(0, max(_GIVE_UP_AFTER * wanted, 100_000), _DRAWS_AT_ONCE):
            draws = space.sample(Streams.from_seed(self.seed, _DRAWS_AT_ONCE, first, "scored"))
            numbers = space.key(draws) if everything is None else space.index(draws)
            for number, arch in zip(numbers.tolist(), draws, strict=True):
                found.setdefault(number, arch if everything is None else everything[number])
                if len(found) == wanted:
                    return np.stack(list(found.values()))
        raise BadSetting(f"{wanted} different architectures of {space.name} were not found by drawing; name fewer")

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as JSON-able values; ``of`` reads them."""
        return asdict(self) if self.listed is None else {"listed": list(self.listed)}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """Make it again from what ``to_dict`` gave."""
        listed = values.get("listed")
        return cls(values.get("sample"), values.get("seed", 0), None if listed is None else tuple(listed))
