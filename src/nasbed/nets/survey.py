"""Survey: look, where networks will be trained, at what their results depend on beside a campaign's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from nasbed.nets.data.source import load
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import Skeleton
from nasbed.nets.training import _check


def survey(skeleton: Mapping[str, Any], recipe: Mapping[str, Any], data: str, budgets: Sequence[int]) -> dict[str, Any]:
    """See that trainings can be made, and give versions and data in plain values.

    Raises:
        BadSetting: When data, skeleton, recipe and one of the budgets do not fit together.
        UnknownName: When no data source has the name.
    """
    what = load(data)
    for epochs in budgets:
        _check(Skeleton(**skeleton), Recipe(**recipe), what, epochs, (0,), None)
    return {
        "versions": {"nasbed": version("nasbed"), "torch": torch.__version__, "numpy": np.__version__},
        "data_checksum": what.checksum,
        "images": {part: len(getattr(what, part)) for part in ("train", "validation", "test")},
    }
