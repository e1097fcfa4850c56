"""Survey: look, where networks will be trained, at what their results depend on beside a campaign's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from nasbed.core.extras import require
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import Skeleton


def survey(skeleton: Mapping[str, Any], recipe: Mapping[str, Any], data: str, budgets: Sequence[int]) -> dict[str, Any]:
    """See that trainings can be made, and give versions and data in plain values.

    Raises:
        MissingExtra: When PyTorch is not installed.
        UnknownName: When no data source has the name.
        BadSetting: When data, skeleton, recipe and one of the budgets do not fit together.
    """
    torch = require("torch", "torch")
    from nasbed.nets.data.source import load
    from nasbed.nets.training import check_training

    what = load(data)
    for epochs in budgets:
        check_training(Skeleton(**skeleton), Recipe(**recipe), what, epochs, (0,), None)
    return {
        "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
        "data_checksum": what.checksum,
        "images": what.describe()["images"],
        "data_warnings": list(what.warnings),
    }
