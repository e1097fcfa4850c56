"""The published hash of a specification: by Python at first, by a compiled loop once a process hashes many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from nasbed.compat.made import Made
from nasbed.compat.nasbench.edges import edge_mask
from nasbed.core.errors import InvalidArchitecture
from nasbed.spaces.module_hash import module_hash

MANY = 1_000
"""So many hashes take Python 40 ms; loading the loop takes some 0.2 s, and it is compiled once on a machine."""

_LABELS_AT_MOST = 10


class SpecHasher:
    """Hashes pruned specifications.

    Attributes:
        hashed: How many so far, as long as Python hashes them.
    """

    def __init__(self) -> None:
        self.hashed = 0
        self._loop: Callable[[int, int, int], tuple[int, int]] | None = None
        self._codes: Made[tuple[tuple[str, ...], tuple[str, ...]], tuple[int, int]] = Made(_code)

    @property
    def loaded(self) -> bool:
        """Whether the loop hashes."""
        return self._loop is not None

    def hash(self, matrix: NDArray[Any], ops: Sequence[str], canonical_ops: Sequence[str]) -> str:
        """Return the hash in hexadecimal.

        Args:
            matrix: ``(vertices, vertices)``, pruned.
            ops: One operation a vertex; the first and the last may be anything.
            canonical_ops: The operations in the order of their labels.

        Raises:
            InvalidArchitecture: A ``ValueError``: an operation is not among them.
        """
        if self._loop is None:
            self.hashed += 1
            if self.hashed > MANY:
                self._loop = _loaded()
            return _hash_plainly(matrix, ops, canonical_ops)
        try:
            vertices, labels = self._codes[tuple(ops), tuple(canonical_ops)]
            mask = edge_mask(matrix.tobytes(), vertices, matrix.dtype, vertices)
        except (KeyError, TypeError):  # of what the loop does not know, or nothing does
            return _hash_plainly(matrix, ops, canonical_ops)
        high, low = self._loop(vertices, mask, labels)
        return f"{high:016x}{low:016x}"


def _hash_plainly(matrix: NDArray[Any], ops: Sequence[str], canonical_ops: Sequence[str]) -> str:
    for op in ops[1:-1]:
        if op not in canonical_ops:
            raise InvalidArchitecture(f"{op!r} is not among the operations {list(canonical_ops)}")
    return module_hash(matrix, [-1, *(canonical_ops.index(op) for op in ops[1:-1]), -2])


def _code(names: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[int, int]:
    """Return how many vertices there are, and their labels as the loop takes them.

    Raises:
        KeyError: When an operation has no label, or one that is too high for the loop.
    """
    ops, canonical_ops = names
    code = 0
    for vertex, op in enumerate(ops[1:-1], 1):
        label = canonical_ops.index(op) if op in canonical_ops else _LABELS_AT_MOST
        if label >= _LABELS_AT_MOST:
            raise KeyError(op)
        code |= label << 4 * vertex
    return len(ops), code


def _loaded() -> Callable[[int, int, int], tuple[int, int]]:
    """Import the loop, which imports numba."""
    from nasbed.core.compiled import announce
    from nasbed.spaces.module_hash_alone import hash_alone

    announce(hash_alone)
    loop: Callable[[int, int, int], tuple[int, int]] = hash_alone
    return loop
