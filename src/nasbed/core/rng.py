"""One random stream a run: what run k draws depends on the seed and on k alone.

A stream is the sequence of 64-bit words that Philox4x32-10 gives for a key and the counters 0, 1, 2, …; the key
is a hash of the seed, of a purpose and of the run's number. So five hundred streams draw in one call, any of them
can be replayed alone, and the state of each is one integer.

Reference: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel
from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed

T = TypeVar("T")

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53: the top 53 bits of a word, as a float in [0, 1)
_MOST = 1_000_000_000  # runs: more is a slip, and ends in no array


def _philox_plainly(key: Any, counter: Any) -> tuple[Any, Any]:
    """Give what ``philox`` gives, by Python's integers, which take a quarter of the time of NumPy's single ones."""
    return _philox_block(int(key), int(counter))


@lru_cache(maxsize=1024)
def _philox_block(key: int, counter: int) -> tuple[np.uint64, np.uint64]:
    m0, m1, w0, w1, low = int(_M0), int(_M1), int(_W0), int(_W1), int(_LOW)
    k0, k1, c0, c1, c2, c3 = key & low, key >> 32, counter & low, counter >> 32, 0, 0
    for _ in range(10):
        p0, p1 = m0 * c0, m1 * c2
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & low, p0 >> 32 ^ c3 ^ k1, p0 & low
        k0, k1 = k0 + w0 & low, k1 + w1 & low
    return np.uint64(c0 | c1 << 32), np.uint64(c2 | c3 << 32)


@kernel(until_then=_philox_plainly)
def philox(key: Any, counter: Any) -> tuple[Any, Any]:
    """Give the two 64-bit words of Philox4x32-10 for a 64-bit key and a 64-bit counter."""
    key, counter = np.uint64(key), np.uint64(counter)
    k0, k1 = key & _LOW, key >> _HALF
    c0, c1 = counter & _LOW, counter >> _HALF
    c2 = c3 = np.uint64(0)
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0 | (c1 << _HALF), c2 | (c3 << _HALF)


@kernel
def word_at(key: Any, position: Any) -> Any:
    """Give word number ``position`` of a stream; two neighbouring words share a Philox block."""
    first, second = philox(key, np.uint64(position) >> np.uint64(1))
    return second if position & 1 else first


@kernel(until_then=lambda word: (int(word) >> 11) * _TO_UNIT)
def unit(word: Any) -> Any:
    """Turn a word into a float in [0, 1)."""
    return (np.uint64(word) >> np.uint64(11)) * _TO_UNIT


@kernel(until_then=lambda word, high: int(word) * int(high) >> 64)
def below(word: Any, high: Any) -> Any:
    """Turn a word into an integer in [0, high), for high ≤ 2³¹: ⌊word · high / 2⁶⁴⌋, biased by less than high / 2⁶⁴."""
    w, h = np.uint64(word), np.uint64(high)
    return np.int64(((w >> _HALF) * h + (((w & _LOW) * h) >> _HALF)) >> _HALF)


def _words(keys: Any, positions: Any, size: int) -> Any:
    """Take the next words of each stream, ``(runs, size)``, by NumPy."""
    at = positions[:, None] + np.arange(size)
    first, second = philox.py_func(keys[:, None], at >> 1)
    positions += size
    return np.where(at & 1, second, first)


def _fill_uniform_plainly(keys: Any, positions: Any, out: Any) -> None:
    out[:] = (_words(keys, positions, out.shape[1]) >> np.uint64(11)) * _TO_UNIT


@kernel(until_then=_fill_uniform_plainly)
def _fill_uniform(keys: Any, positions: Any, out: Any) -> None:
    for run in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[run, i] = unit(word_at(keys[run], positions[run] + i))
        positions[run] += out.shape[1]


def _fill_integers_plainly(keys: Any, positions: Any, high: int, out: Any) -> None:
    out[:] = below.py_func(_words(keys, positions, out.shape[1]), high)


@kernel(until_then=_fill_integers_plainly)
def _fill_integers(keys: Any, positions: Any, high: int, out: Any) -> None:
    for run in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[run, i] = below(word_at(keys[run], positions[run] + i), high)
        positions[run] += out.shape[1]


def _fill_permutation_plainly(keys: Any, positions: Any, out: Any) -> None:
    runs, n = out.shape
    words, rows = _words(keys, positions, n - 1), np.arange(runs)
    out[:] = np.arange(n)
    for k, i in enumerate(range(n - 1, 0, -1)):
        j = below.py_func(words[:, k], i + 1)
        out[:, i], out[rows, j] = out[rows, j], out[:, i].copy()


@kernel(until_then=_fill_permutation_plainly)
def _fill_permutation(keys: Any, positions: Any, out: Any) -> None:
    n = out.shape[1]
    for run in range(out.shape[0]):
        for i in range(n):
            out[run, i] = i
        for i in range(n - 1, 0, -1):  # Fisher and Yates, from the end
            j = below(word_at(keys[run], positions[run]), i + 1)
            positions[run] += 1
            out[run, i], out[run, j] = out[run, j], out[run, i]


def _key(seed: int, purpose: str) -> int:
    """Hash a seed of any size and a purpose to a 64-bit key."""
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8, person=b"nasbed.streams").digest()
    return int.from_bytes(digest, "little")


@kernel
def _run_keys(key: Any, first: int, runs: int) -> Any:
    keys = np.empty(runs, np.uint64)
    for run in range(runs):
        keys[run] = philox(key, first + run)[0]
    return keys


@dataclass(eq=False)
class Streams(Printed):
    """Independent random streams, one a run, that draw together.

    Every draw has a leading axis ``runs`` and moves each stream on by the same, documented number of words, so
    that nothing which happens in one run shifts another.

    Attributes:
        keys: Philox key of each run; uint64, shape ``(runs,)``.
        positions: The next word of each run; int64, shape ``(runs,)``. Kernels advance them in place.
        fallbacks: By key, how often a run could not be given what was asked for and was given a draw from all that its
            space has; shared with the streams that ``take`` gives.
        reasons: By key, why a run first fell back, where a reason was given; shared likewise.
    """

    keys: NDArray[np.uint64]
    positions: NDArray[np.int64]
    fallbacks: Counter[int] = field(default_factory=Counter, repr=False)
    reasons: dict[int, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_seed(cls, seed: int, runs: int, first: int = 0, purpose: str = "run") -> Streams:
        """Make the streams of runs ``first … first + runs − 1`` of a seed.

        Args:
            seed: Any integer.
            runs: How many streams.
            first: Number of the first run, so that a study can be split over processes.
            purpose: Streams of different purposes are independent under one seed.

        Raises:
            BadSetting: When there are no runs, or more than anybody has room for.
        """
        if runs < 1:
            raise BadSetting(f"runs must be at least 1, not {runs}")
        if runs > _MOST:
            raise BadSetting(f"runs are {_MOST:,} at most, not {runs:,}")
        key = np.uint64(_key(int(seed), purpose))
        return cls(_run_keys(key, first, runs), np.zeros(runs, np.int64))

    def __len__(self) -> int:
        return len(self.keys)

    def uniform(self, size: int = 1) -> NDArray[np.float64]:
        """Draw floats in [0, 1), shape ``(runs, size)``; ``size`` words."""
        out = np.empty((len(self.keys), size))
        _fill_uniform(self.keys, self.positions, out)
        return out

    def integers(self, high: int, size: int = 1) -> NDArray[np.int64]:
        """Draw integers in [0, high), shape ``(runs, size)``; ``size`` words."""
        if high < 1:
            raise BadSetting(f"integers are drawn below a positive bound, not {high}")
        out = np.empty((len(self.keys), size), np.int64)
        _fill_integers(self.keys, self.positions, high, out)
        return out

    def choice(self, weights: NDArray[np.float64]) -> NDArray[np.int64]:
        """Draw one index a run, with probability proportional to its weight; 1 word.

        Args:
            weights: Not negative, shape ``(n,)`` for all runs alike or ``(runs, n)``.
        """
        totals = np.cumsum(np.broadcast_to(weights, (len(self), np.shape(weights)[-1])), axis=1)
        if not (totals[:, -1] > 0).all():
            raise BadSetting("weights must have a positive sum in every run")
        chosen: NDArray[np.int64] = (self.uniform() * totals[:, -1:] >= totals).sum(axis=1)
        return chosen

    def permutation(self, n: int) -> NDArray[np.int64]:
        """Draw an order of 0 … n−1, shape ``(runs, n)``; ``n − 1`` words."""
        out = np.empty((len(self.keys), n), np.int64)
        _fill_permutation(self.keys, self.positions, out)
        return out

    def normal(self, size: int = 1) -> NDArray[np.float64]:
        """Draw standard normal floats, shape ``(runs, size)``, by Box and Muller; ``2·size`` words."""
        u = self.uniform(2 * size)
        radius = np.sqrt(-2.0 * np.log1p(-u[:, :size]))
        result: NDArray[np.float64] = radius * np.cos(2.0 * np.pi * u[:, size:])
        return result

    def generator(self, run: int) -> np.random.Generator:
        """Give one run a NumPy generator, for scalar code; moves that run on by 1 word."""
        word = int(word_at(np.uint64(self.keys[run]), self.positions[run]))
        self.positions[run] += 1
        return np.random.Generator(np.random.Philox(key=np.array([word, int(self.keys[run])], np.uint64)))

    def take(self, runs: NDArray[np.int64]) -> Streams:
        """Copy the streams of some runs; drawing from the copy leaves these where they are."""
        return Streams(self.keys[runs], self.positions[runs], self.fallbacks, self.reasons)

    def drawing(self, runs: NDArray[np.int64], draw: Callable[[Streams], T]) -> T:
        """Call ``draw`` with the streams of some runs alone, so that only those move on."""
        some = self.take(runs)
        drawn = draw(some)
        self.positions[runs] = some.positions
        return drawn

    def fell_back(self, runs: NDArray[np.int64], why: str = "") -> None:
        """Count a fallback in each of some runs, and keep why, if that is said and the run has no earlier reason."""
        keys = self.keys[runs].tolist()
        self.fallbacks.update(keys)
        if why:
            for key in keys:
                self.reasons.setdefault(key, why)

    def state_dict(self) -> dict[str, Any]:
        """Give what restores the streams, as arrays."""
        keys = self.keys.tolist()
        return {
            "keys": self.keys.copy(),
            "positions": self.positions.copy(),
            "fallbacks": np.array([self.fallbacks[key] for key in keys]),
            "reasons": [self.reasons.get(key, "") for key in keys],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where ``state_dict`` was taken."""
        self.keys[:] = state["keys"]
        self.positions[:] = state["positions"]
        counts = np.asarray(state.get("fallbacks", np.zeros(len(self), np.int64)))  # of version 0.1 there are none
        self.fallbacks = Counter(dict(zip(self.keys.tolist(), counts.tolist(), strict=True)))
        reasons = state.get("reasons", [""] * len(self))  # likewise
        self.reasons = {key: why for key, why in zip(self.keys.tolist(), reasons, strict=True) if why}
