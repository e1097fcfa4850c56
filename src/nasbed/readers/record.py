"""One record of the published file, read and written plainly: JSON around base64 around a protocol buffer.

``[hash, epochs, matrix, operations, metrics]``, where the matrix is row by row and metrics are the base64 of

    message ModelMetrics { repeated EvaluationData evaluation_data = 1; int32 trainable_parameters = 2;
                           double total_time = 3; }
    message EvaluationData { double current_epoch = 1; double training_time = 2; double train_accuracy = 3;
                             double validation_accuracy = 4; double test_accuracy = 5; string checkpoint_path = 6; }

with one evaluation before, halfway through and after training.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from nasbed.core.printing import Printed
from nasbed.readers.names import MEASURES, POINTS
from nasbed.readers.protobuf import BYTES, DOUBLE, VARINT, delimited, fields, format_varint

_TAGS = [field << 3 | DOUBLE for field in range(1, len(MEASURES) + 1)]
_EVALUATION = struct.Struct("<" + "Bd" * len(MEASURES))


@dataclass(frozen=True)
class Record(Printed):
    """A training.

    Attributes:
        module: Its module's hash, in hexadecimal.
        epochs: How long it was trained.
        adjacency: Row by row, ``0110…``.
        operations: One a vertex, with input and output.
        values: The measures at the three points, then the total time: 16 doubles.
        trainable_parameters: Of the network.
        checkpoint_paths: One a point; None where there is none.
    """

    module: str
    epochs: int
    adjacency: str
    operations: tuple[str, ...]
    values: tuple[float, ...]
    trainable_parameters: int
    checkpoint_paths: tuple[str | None, ...] = (None, None, None)


def parse_record(text: bytes) -> Record:
    """Read a record.

    Raises:
        ValueError: Saying what is wrong with it.
    """
    try:
        row = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(row, list) or [type(x) for x in row] != [str, int, str, str, str]:
        raise ValueError("it is not a list of hash, epochs, matrix, operations and metrics")
    module, epochs, adjacency, operations, metrics = row
    side = math.isqrt(len(adjacency))
    names = tuple(operations.split(","))
    if side < 2 or side * side != len(adjacency) or set(adjacency) - {"0", "1"}:
        raise ValueError(f"{adjacency!r} is not a square matrix of 0 and 1")
    if len(names) != side or names[0] != "input" or names[-1] != "output":
        raise ValueError(f"{operations!r} does not name {side} operations from input to output")
    if len(module) != 32 or set(module) - set("0123456789abcdef"):
        raise ValueError(f"{module!r} is not a hash: 32 hexadecimal digits")
    if not 0 < epochs < 2**31:
        raise ValueError(f"{epochs} is not a number of epochs")
    try:
        message = base64.b64decode(metrics.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("its metrics are not base64") from None
    values, parameters, paths = _parse_metrics(message)
    return Record(module, epochs, adjacency, names, values, parameters, paths)


def format_record(record: Record) -> bytes:
    """Write a record as the published files have it."""
    metrics = base64.encodebytes(_format_metrics(record)).decode()
    row = [record.module, record.epochs, record.adjacency, ",".join(record.operations), metrics]
    return json.dumps(row).encode()


def _parse_metrics(message: bytes) -> tuple[tuple[float, ...], int, tuple[str | None, ...]]:
    evaluations, parameters, total = _fields(message, (BYTES, VARINT, DOUBLE), "its metrics have")
    values: list[float] = []
    paths: list[str | None] = []
    for evaluation in evaluations:
        *measures, path = _fields(evaluation, (*[DOUBLE] * len(MEASURES), BYTES), "an evaluation has")
        values += [measure[-1] if measure else 0.0 for measure in measures]
        try:
            paths.append(path[-1].decode() if path else None)
        except UnicodeDecodeError:
            raise ValueError("a checkpoint path is not UTF-8") from None
    if len(paths) != len(POINTS):
        raise ValueError(f"it has {len(paths)} evaluations; there should be three: before, halfway and after training")
    number = parameters[-1] if parameters else 0
    return (*values, total[-1] if total else 0.0), (number + 2**31) % 2**32 - 2**31, tuple(paths)


def _fields(message: bytes, kinds: Sequence[int], what: str) -> list[list[Any]]:
    """Give the values of each field of a message, whose fields have these wire types, from field 1 on."""
    found: list[list[Any]] = [[] for _ in kinds]
    for field, kind, value in fields(message, "its metrics"):
        if not 1 <= field <= len(kinds) or kind != kinds[field - 1]:
            raise ValueError(f"{what} an unknown field {field}, or it is of the unexpected wire type {kind}")
        found[field - 1].append(struct.unpack("<d", value)[0] if kind == DOUBLE else value)
    return found


def _format_metrics(record: Record) -> bytes:
    message = b""
    for point, path in enumerate(record.checkpoint_paths):
        measures = record.values[point * len(MEASURES) : (point + 1) * len(MEASURES)]
        evaluation = _EVALUATION.pack(*chain.from_iterable(zip(_TAGS, measures, strict=True)))
        if path is not None:
            evaluation += delimited(len(MEASURES) + 1, path.encode())
        message += delimited(1, evaluation)
    message += bytes([2 << 3 | VARINT]) + format_varint(record.trainable_parameters % 2**64)
    return message + bytes([3 << 3 | DOUBLE]) + struct.pack("<d", record.values[-1])
