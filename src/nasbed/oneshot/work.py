"""The work of judging by inherited weights, which workers do: one architecture at a time, on a supernet kept loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.extras import require
from nasbed.core.space import Space
from nasbed.nets.survey import check_device


def survey(path: str, space: Space, data: str, settings: Mapping[str, Any], device: str) -> dict[str, Any]:
    """See that architectures can be judged here, and give versions and data in plain values.

    Raises:
        MissingExtra: When PyTorch is not installed.
        BadSetting: When file, data and settings do not fit together, or PyTorch has no such device.
        CorruptFile: When the file is damaged.
    """
    torch = require("torch", "torch")
    check_device(device)
    judge = _judge(path, _stamp(path), space, data, tuple(settings.items()), device)
    return {
        "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
        "data_checksum": judge.data.checksum,
        "warnings": list(judge.data.warnings),
    }


def judge_unit(
    path: str,
    space: Space,
    row: Sequence[int],
    data: str,
    settings: Mapping[str, Any],
    images: int,
    tests: bool,
    device: str,
) -> dict[str, Any]:
    """Judge one architecture by the weights that it inherits.

    Args:
        path: The file of the supernet.
        space: Of which space the architecture is.
        row: The architecture's row.
        data: A data source, ``name`` or ``name:where``.
        settings: Of ``Inherited``.
        images: How many validation images; 0 for all.
        tests: Whether test images are judged, too.
        device: Where.

    Returns:
        ``validation`` and ``test``, more is better, None where it is not asked for; ``seconds``, and the ``row``.
    """
    from nasbed.nets.clock import finish

    torch = require("torch", "torch")
    judge = _judge(path, _stamp(path), space, data, tuple(settings.items()), device)
    began = time.perf_counter()
    score = judge.scorer(np.array(row, np.int8))
    validation = judge.score(score, "validation", most=images)
    finish(torch.device(device))
    seconds = time.perf_counter() - began
    test = judge.score(score, "test") if tests else None
    return {"validation": validation, "test": test, "seconds": seconds, "row": list(row)}


def _stamp(path: str) -> tuple[int, int]:
    """Return what changes when a file is replaced."""
    found = Path(path).stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=2)
def _judge(
    path: str,
    stamp: tuple[int, int],
    space: Space,
    data: str,
    settings: tuple[tuple[str, Any], ...],
    device: str,
) -> Any:
    from nasbed.nets.data.source import load
    from nasbed.oneshot.inheriting import Inherited
    from nasbed.oneshot.saving import load_supernet

    net, _ = load_supernet(path, device, space)
    return Inherited(net, load(data).to(device), **dict(settings))
