"""Models file: the modules that a campaign trains, as the published generator of graphs writes them.

``{hash: [matrix, labels], …}`` in JSON: the matrix row by row, of labels −1 for the input, −2 for the output and the
operations of the space from 0. ``nasbed enumerate --out FILE.json`` writes one.
Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/generate_graphs.py``
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.spaces.nasbench101 import NASBench101

FORM = "JSON of the form {hash: [matrix, labels], …}, as published"


def read_models(path: str | Path, whole: Space) -> Space:
    """Return the space of the modules that a file lists, in its order.

    Args:
        path: The file.
        whole: NAS-Bench-101's space, of the size and with the operations that the file is about.

    Raises:
        BadSetting: When the file cannot be read, has another form, or lists a module that is not of the space or not
            under its own hash; and for another space.
    """
    if not isinstance(whole, NASBench101):
        raise BadSetting(f"a models file lists modules of nasbench101, not architectures of {whole.name}")
    path = Path(path).expanduser()
    models = _loaded(path)
    rows, names = np.zeros((len(models), whole.decisions), np.int8), np.array(list(models))
    sides = np.array([_side(model) for model in models.values()])
    for side in np.unique(sides).tolist():
        try:
            rows[sides == side] = _rows({name: models[name] for name in names[sides == side].tolist()}, side, whole)
        except (TypeError, ValueError) as error:
            raise BadSetting(f"{path} lists a module that cannot be read: {error}; the file should be {FORM}") from None
    whole.check_valid(rows)
    for name, right in zip(models, whole.names(rows), strict=True):
        if name != right:
            raise BadSetting(
                f"the module under {name!r} in {path} has, pruned, the hash {right}; list it under its own hash. It is "
                f"hashed with the operations {', '.join(whole.operations)} in this order (--operations)"
            )
    return whole.only(rows)


def _loaded(path: Path) -> dict[str, Any]:
    """Return what a file says, which is a mapping that is not empty."""
    try:
        models = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadSetting(f"the models file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadSetting(f"the models file {path} is not {FORM}: {error}") from None
    if not isinstance(models, dict) or not models:
        raise BadSetting(f"the models file {path} is not {FORM}, or lists nothing")
    return models


def _side(model: Any) -> int:
    """Return how many vertices a model has; 0 if it is not a matrix and labels of one size."""
    try:
        matrix, labels = model
        side = len(labels)
        return side if [len(row) for row in matrix] == [side] * side else 0
    except (TypeError, ValueError):
        return 0


def _rows(models: Mapping[str, Any], side: int, space: NASBench101) -> Archs:
    """Return the rows, ``(n, decisions)``, of models that have so many vertices.

    Raises:
        ValueError: Saying what is wrong with which.
    """
    names, operations = list(models), len(space.operations)
    if side < 2:
        raise ValueError(f"{names[0]!r} has no square matrix with a row a label")
    if side > space.vertices:
        raise ValueError(f"{names[0]!r} has {side} vertices, of which this space takes {space.vertices} (--vertices)")
    matrices, labels = (np.array(part) for part in zip(*models.values(), strict=True))
    wrong = ((matrices != 0) & (matrices != 1) | np.tri(side, dtype=np.bool_) & (matrices != 0)).any(axis=(1, 2))
    if wrong.any():
        raise ValueError(f"{names[int(wrong.argmax())]!r} has a matrix that is not of 0 and 1, above the diagonal")
    inner = labels[:, 1:-1]
    wrong = (labels[:, 0] != -1) | (labels[:, -1] != -2) | ((inner < 0) | (inner >= operations)).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"{names[int(wrong.argmax())]!r} has labels that are not −1, then 0 to {operations - 1}, then −2"
        )
    rows = np.zeros((len(models), space.decisions), np.int8)
    places = [*range(side - 1), space.vertices - 1]
    for y in range(1, side):
        for x in range(y):
            rows[:, places[x] + places[y] * (places[y] - 1) // 2] = matrices[:, x, y]
    rows[:, space.edge_count : space.edge_count + side - 2] = inner
    return rows
