"""From a raw specification to its class, without hashing: three small tables for modules of up to seven vertices.

``structure`` has, for each of the 2²¹ edge masks, the number of the pruned structure; ``interior`` says which
vertices pruning keeps; ``classes[offsets[structure − 1] + code]`` is the isomorphism class of that structure under
the kept operations, read as a number. Together 11.5 MB. They are computed once, in a fraction of a second, and kept
in the cache folder with their checksums, so that the next process compares and maps them. Those of the embedded table's
space are in the package: computing them compiles for seconds, which a first search need not wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nasbed.core.checked import read_json, write_json
from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.files import scratch
from nasbed.core.home import home
from nasbed.core.records import Archs
from nasbed.core.rows import once

VERTICES_AT_MOST = 7
SHIPPED = Path(__file__).parent / "data"
_VERSION = 2
_SUMS = "checksums.json"


@dataclass(frozen=True, eq=False)
class ModuleIndex:
    """The tables of one space.

    Attributes:
        structure: Number of the pruned structure plus 1 for each edge mask, 0 where there is none; uint16, or uint32
            where there are too many for it.
        interior: Kept interior vertices of each edge mask, vertex 1 in the lowest bit; uint8.
        offsets: Where each structure's classes begin, ``(structures + 1,)``; int64.
        classes: Class of each labelled structure, the first interior operation most significant; int32.
        keys: The space's key of each class; uint64.
    """

    structure: NDArray[np.uint16] | NDArray[np.uint32]
    interior: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    classes: NDArray[np.int32]
    keys: NDArray[np.uint64]

    @property
    def size(self) -> int:
        """How many classes there are."""
        return len(self.keys)

    def probabilities(self) -> NDArray[np.float64]:
        """Give the chance of each class when raw rows are drawn uniformly from the valid ones, ``(size,)``.

        Every edge mask is as likely as another, and so is every labelling of the vertices that pruning keeps.
        """
        masks = np.bincount(self.structure, minlength=len(self.offsets))[1:]
        labellings = np.diff(self.offsets)
        chances = np.repeat(masks / masks.sum() / labellings, labellings)
        result: NDArray[np.float64] = np.bincount(self.classes, weights=chances, minlength=self.size).astype(np.float64)
        return result

    def modules(self, vertices: int, operations: int) -> Archs:
        """Give a row of each class, the one that the published enumeration meets first, ``(size, decisions)``.

        Args:
            vertices: Of the space.
            operations: Of the space.
        """
        edges = vertices * (vertices - 1) // 2
        # The row of a structure is the smallest mask that keeps as many interior vertices, and the first ones.
        masks = np.flatnonzero((self.interior & (self.interior + 1)) == 0)[::-1]
        mask_of = np.zeros(len(self.offsets), np.int64)
        mask_of[self.structure[masks]] = masks
        first = np.empty(self.size, np.int64)
        first[self.classes[::-1]] = np.arange(len(self.classes))[::-1]
        structure = np.searchsorted(self.offsets, first, side="right")
        code, mask = first - self.offsets[structure - 1], mask_of[structure]
        rows = np.zeros((self.size, edges + vertices - 2), np.int8)
        for edge in range(edges):
            rows[:, edge] = mask >> edge & 1
        kept = np.array([bits.bit_count() for bits in range(32)])[self.interior[mask]]
        for vertex in range(vertices - 2):
            weights = operations ** np.maximum(kept - 1 - vertex, 0)
            rows[:, edges + vertex] = np.where(vertex < kept, code // weights % operations, 0)
        return rows


def load_index(vertices: int, edges: int, operations: int) -> ModuleIndex | None:
    """Map the tables that the package or an earlier process has, without numba; None when none are there and whole."""
    name = _name(vertices, edges, operations)
    for folder in (SHIPPED / name, _kept() / name):
        with suppress(NasbedError, OSError, KeyError, ValueError):  # what is not there or not whole is computed again
            state = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(folder.iterdir())]
            return _mapped(folder, tuple(state))
    return None


@cache
def _mapped(folder: Path, state: tuple[tuple[str, int, int], ...]) -> ModuleIndex:
    """Compare tables with their checksums and map them; once in a process, as long as their state is the same."""
    sums = read_json(folder / _SUMS, "the checksums of an index", "it is computed again")
    for name, expected in sums.items():
        with (folder / name).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            if crc32(content) != expected:
                raise CorruptFile(f"{folder / name} is damaged; it is computed again")
    names = [field.name for field in fields(ModuleIndex)]
    return ModuleIndex(*(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in names))


def module_index(vertices: int, edges: int, operations: int) -> ModuleIndex:
    """Give the tables of a space, from the cache folder or computed now and left there."""
    index = load_index(vertices, edges, operations)
    if index is None:
        index = compute_index(vertices, edges, operations)
        keep_index(index, _kept() / _name(vertices, edges, operations))
        index = load_index(vertices, edges, operations) or index  # read-only, as all later ones: numba compiles for it
    return index


def compute_index(vertices: int, edges: int, operations: int) -> ModuleIndex:
    """Prune every edge mask there is and number the classes in the published order."""
    from nasbed.spaces import nasbench101_kernels as kernels
    from nasbed.spaces.enumeration import enumerate_modules, label_structures
    from nasbed.spaces.nasbench101_index_kernels import structure_map

    structures = label_structures(vertices, edges, operations)
    width = np.uint16 if len(structures.structure_masks) < 2**16 else np.uint32
    structure, interior = structure_map(vertices, structures.structure_vertices, structures.structure_masks)
    modules = enumerate_modules(vertices, edges, operations)
    archs = kernels.embedded_rows(modules.vertices, modules.masks, modules.labels, vertices)
    return ModuleIndex(
        structure.astype(width), interior, structures.offsets, structures.classes, kernels.key_rows(archs, vertices)
    )


def list_modules(vertices: int, edges: int, operations: int) -> Archs:
    """List a space as the published enumeration does, by its tables where they are: then nothing need be compiled."""
    index = load_index(vertices, edges, operations) if vertices <= VERTICES_AT_MOST else None
    if index is not None:
        return index.modules(vertices, operations)
    from nasbed.spaces.enumeration import enumerate_modules
    from nasbed.spaces.nasbench101_kernels import embedded_rows

    modules = enumerate_modules(vertices, edges, operations)
    rows: Archs = embedded_rows(modules.vertices, modules.masks, modules.labels, vertices)
    return rows


def _kept() -> Path:
    return home() / "spaces"


def _name(vertices: int, edges: int, operations: int) -> str:
    return f"nasbench101-{vertices}v{edges}e{operations}o-{_VERSION}"


def keep_index(index: ModuleIndex, folder: Path) -> None:
    """Write the tables beside and rename; a folder that cannot be written costs only the time to compute again."""
    from shutil import rmtree  # which imports every kind of compression

    with suppress(OSError, NasbedError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch(folder) as beside:
            for field in fields(ModuleIndex):
                np.save(beside / f"{field.name}.npy", getattr(index, field.name))
            write_json(beside / _SUMS, {file.name: crc32(file.read_bytes()) for file in beside.glob("*.npy")})
            rmtree(folder, ignore_errors=True)  # what is there is not whole, or it would have been loaded
            beside.rename(folder)


def module_texts(
    rows: Archs, masks: NDArray[np.uint64], operations: NDArray[np.int8], write: Callable[[Archs], str]
) -> list[str]:
    """Write many modules, each matrix and each list of operations once.

    Args:
        rows: The modules, ``(n, decisions)``.
        masks: Their matrices as numbers, ``(n,)``, pruned.
        operations: Their operations, ``(n, vertices − 2)``, −1 where there is none.
        write: Writes one, with a colon between matrix and operations.
    """
    base = int(operations.max(initial=0)) + 2
    lists = (operations.astype(np.int64) + 1) @ base ** np.arange(operations.shape[1], dtype=np.int64)
    matrices = once(masks, lambda first: [write(row).partition(":")[0] for row in rows[first]])
    names = once(lists, lambda first: [write(row).partition(":")[2] for row in rows[first]])
    return [f"{matrix}:{name}" for matrix, name in zip(matrices, names, strict=True)]
