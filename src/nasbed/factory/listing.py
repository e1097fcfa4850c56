"""Listings: every architecture that a space numbers, in a file; modules as the original generator wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from nasbed.core.errors import BadSetting, InvalidArchitecture, MissingExtra
from nasbed.core.files import check_place, replacing
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.costs import COUNTINGS, flops, params
from nasbed.nets.layers import total
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.nets.parts import STEPS
from nasbed.spaces.enumeration import Modules, enumerate_modules
from nasbed.spaces.module_hash_kernels import hash_modules
from nasbed.spaces.nasbench101 import NASBench101

_SCHEMA = pa.schema(
    {
        "hash": pa.string(),
        "vertices": pa.int8(),
        "edges": pa.int8(),
        "adjacency": pa.string(),
        "operations": pa.string(),
        "trainable_parameters": pa.int64(),
    }
)
_BATCH = 2**17


def write_enumeration(space: NASBench101, path: Path, verify: bool = False) -> int:
    """Write every module of a space to a file of the format that its name ends with; give how many there are.

    ``.json`` is the original generator's: hash → [matrix, labels], by hash, with −1 for input, −2 for output and
    operations from 0. ``.parquet`` and ``.csv`` have a row a module, in the order of ``space.enumerate``: hash,
    vertices, edges, adjacency (row by row, ``0110…``), operations (with commas between, input and output named) and
    trainable_parameters (in the published skeleton; null when an operation has no formula for them).

    Args:
        space: What to list.
        path: Where to. A file that is there is replaced when the new one is whole.
        verify: Check every isomorphism exactly, and refuse a space in which different modules share a hash.

    Raises:
        BadSetting: When the ending is another, or the space is too large, or modules share a hash and ``verify`` or
            the format cannot have it.
    """
    path = _checked(path)
    modules = enumerate_modules(space.vertices, space.edges, len(space.operations), verify=verify)
    if modules.collisions is not None and len(modules.collisions):
        one, other = modules.collisions[0]
        raise BadSetting(
            f"{len(modules.collisions)} pairs of different modules share a published hash, first numbers {one} and "
            f"{other}; list without verification, as .parquet or .csv, where a hash may come twice"
        )
    with replacing(path) as beside:
        _WRITERS[path.suffix](space, modules, beside)
    return len(modules)


def _write_json(space: NASBench101, modules: Modules, path: Path) -> None:
    """Write what ``json.dump`` would, but the text of a matrix or of labels is made once for all that share it."""
    hashes = _hexadecimal(hash_modules(modules.vertices, modules.masks, modules.labels))
    twice = len(hashes) - len(set(hashes))
    if twice:
        raise BadSetting(
            f"{twice} modules have the published hash of a different one, and JSON has a place a hash; write .parquet "
            "or .csv"
        )
    matrices, which_matrix = _matrices(modules)
    labellings, which_labels = _labellings(modules)
    matrix_texts = [str(matrix.tolist()) for matrix in matrices]
    label_texts = [str([-1, *labels, -2]) for labels in labellings]
    with path.open("w", encoding="ascii") as file:
        lines = (
            f'"{hashes[i]}": [{matrix_texts[which_matrix[i]]}, {label_texts[which_labels[i]]}]'
            for i in sorted(range(len(hashes)), key=hashes.__getitem__)
        )
        file.write("{" + ", ".join(lines) + "}")


def _write_rows(writer: Callable[..., Any], space: NASBench101, modules: Modules, path: Path) -> None:
    with writer(path, _SCHEMA) as file:
        for batch in _batches(space, modules):
            file.write_batch(batch)


_WRITERS: dict[str, Callable[[NASBench101, Modules, Path], None]] = {
    ".json": _write_json,
    ".parquet": partial(_write_rows, parquet.ParquetWriter),
    ".csv": partial(_write_rows, csv.CSVWriter),
}


def _batches(space: NASBench101, modules: Modules) -> Iterator[pa.RecordBatch]:
    """Make the columns a batch of rows at a time, so that a large space takes little more memory than its modules."""
    for start in range(0, len(modules), _BATCH):
        rows = slice(start, start + _BATCH)
        yield _columns(space, Modules(modules.vertices[rows], modules.masks[rows], modules.labels[rows]))


def _columns(space: NASBench101, modules: Modules) -> pa.RecordBatch:
    """Make the columns of some modules."""
    matrices, which_matrix = _matrices(modules)
    labellings, which_labels = _labellings(modules)
    adjacency = ["".join(map(str, matrix.ravel())) for matrix in matrices]
    operations = [",".join([INPUT, *(space.operations[label] for label in labels), OUTPUT]) for labels in labellings]
    columns = [
        pa.array(_hexadecimal(hash_modules(modules.vertices, modules.masks, modules.labels))),
        modules.vertices,
        np.array([matrix.sum() for matrix in matrices], np.int8)[which_matrix],
        pa.array(adjacency).take(pa.array(which_matrix)),
        pa.array(operations).take(pa.array(which_labels)),
        _parameters(space, modules, matrices, which_matrix),
    ]
    return pa.record_batch(columns, schema=_SCHEMA)


def _parameters(
    space: NASBench101, modules: Modules, matrices: list[NDArray[np.int8]], which: NDArray[np.int64]
) -> pa.Array:
    """Count the parameters of some modules in the published skeleton; nulls when an operation has no formula."""
    if not set(space.operations) <= set(STEPS):
        return pa.nulls(len(modules), pa.int64())
    padded = np.zeros((len(matrices), space.vertices, space.vertices), np.int8)
    for one, matrix in zip(padded, matrices, strict=True):
        inner = len(matrix) - 1
        one[:inner, :inner], one[:inner, -1] = matrix[:-1, :-1], matrix[:-1, -1]  # the output goes to the end
    labels = np.pad(modules.labels, ((0, 0), (1, 1)), constant_values=-1)
    layers = NASBench101Blueprint(space).of_modules(
        padded[which].astype(np.int64), labels.astype(np.int64), space.operations
    )
    return pa.array(total(len(modules), (layer.parameters for layer in layers)))


def _matrices(modules: Modules) -> tuple[list[NDArray[np.int8]], NDArray[np.int64]]:
    """Give the different adjacency matrices, and which of them each module has, ``(n,)``."""
    # Eleven vertices fill 55 bits of a mask, which leaves room for their number.
    numbers, which = np.unique(modules.masks | modules.vertices.astype(np.uint64) << np.uint64(56), return_inverse=True)
    matrices = []
    for number in numbers.tolist():
        vertices = number >> 56
        matrix = np.zeros((vertices, vertices), np.int8)
        for y in range(1, vertices):
            for x in range(y):
                matrix[x, y] = number >> (x + y * (y - 1) // 2) & 1
        matrices.append(matrix)
    return matrices, which


def _labellings(modules: Modules) -> tuple[list[list[int]], NDArray[np.int64]]:
    """Give the different labels of interior vertices, and which of them each module has, ``(n,)``."""
    labellings, which = np.unique(modules.labels, axis=0, return_inverse=True)
    return [[label for label in labels if label >= 0] for labels in labellings.tolist()], which.reshape(-1)


def _hexadecimal(digests: NDArray[np.uint8]) -> list[str]:
    """Spell digests, ``(n, 16)``, as text."""
    text = digests.tobytes().hex()
    return [text[i : i + 32] for i in range(0, len(text), 32)]


def write_space(space: Space, path: Path) -> int:
    """Write every architecture of a space to a file of the format that its name ends with; give how many there are.

    ``.json`` has the architectures' text, in the order of ``space.enumerate``, as NATS-Bench's ``meta_archs`` do.
    ``.parquet`` and ``.csv`` have a row for each: index, architecture, first_equal (the smallest index with the same
    key) and, where the space has networks, trainable_parameters and flops_natsbench, flops_naslib of the published
    networks for CIFAR-10 (``nasbed.nets.costs``).

    Args:
        space: What to list.
        path: Where to. A file that is there is replaced when the new one is whole.

    Raises:
        BadSetting: When the ending is another, or the space does not number its architectures.
    """
    if not space.is_enumerable:
        raise BadSetting(f"the space {space.name} does not number its architectures, so they cannot be listed")
    path = _checked(path)
    archs = space.enumerate()
    texts = [space.format(arch) for arch in archs]
    with replacing(path) as beside:
        if path.suffix == ".json":
            beside.write_text(json.dumps(texts), encoding="utf-8")
        else:
            write = parquet.write_table if path.suffix == ".parquet" else csv.write_csv
            write(_table(space, archs, texts), beside)
    return len(archs)


def _checked(path: Path) -> Path:
    """See that a file can be written, and in which format."""
    path = Path(path)
    if path.suffix not in _WRITERS:
        raise BadSetting(f"{path.name} should end in one of {', '.join(_WRITERS)}, which says the format to write")
    check_place(path)
    return path


def _table(space: Space, archs: Archs, texts: list[str]) -> pa.Table:
    _, first, which = np.unique(space.key(archs), return_index=True, return_inverse=True)
    columns = {
        "index": np.arange(len(archs)),
        "architecture": pa.array(texts),
        "first_equal": first[which],
    }
    try:
        columns["trainable_parameters"] = params(space, archs)
        columns |= {f"flops_{counting}": flops(space, archs, counting=counting) for counting in COUNTINGS}
    except (BadSetting, InvalidArchitecture, MissingExtra):
        pass  # the space has no networks, or not for all rows, or PyTorch would have to build them
    return pa.table(columns)
