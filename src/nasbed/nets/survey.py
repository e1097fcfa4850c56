"""Survey: look, where networks will be trained, at what their results depend on beside a campaign's settings."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint, some_rows
from nasbed.nets.recipe import Recipe, settled


def survey(
    blueprint: Blueprint,
    recipe: Recipe,
    data: str,
    budgets: Sequence[int],
    time_limit: float | None = None,
    device: str = "cpu",
    together: int = 1,
) -> dict[str, Any]:
    """See that trainings can be made, and give versions, data and the recipe's precision in plain values.

    Networks are trained ``together`` at a time; see ``recipe.settled``.

    Raises:
        MissingExtra: When PyTorch is not installed.
        UnknownName: When no data source has the name.
        BadSetting: When data, blueprint, recipe, time limit and one of the budgets do not fit together, or PyTorch has
            no such device.
    """
    torch = require("torch", "torch")
    from nasbed.nets.data.source import load
    from nasbed.nets.training import check_training, try_task

    what = load(data)
    for epochs in budgets:
        check_training(blueprint, recipe, what, epochs, (0,), time_limit)
    check_device(device)
    pretrained: dict[str, str] = {}
    warnings: list[str] = []
    if what.task.checksum or recipe.pretrained:
        row = some_rows(blueprint.space)[0]
        try_task(blueprint, row, recipe, what)
        pretrained, warnings = _pretrained(blueprint, row, recipe)
    return {
        "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
        "data_checksum": what.checksum,
        "precision": settled(recipe, blueprint, device, together).precision,
        **pretrained,
        "images": {part: len(getattr(what, part)) for part in ("train", "validation", "test")},
        "warnings": [*what.warnings, *warnings],
    }


def _pretrained(blueprint: Blueprint, row: Archs, recipe: Recipe) -> tuple[dict[str, str], list[str]]:
    """Return the checksum of the weights that networks start from, and how much of one network they are."""
    if not recipe.pretrained:
        return {}, []
    from nasbed.nets.pretrained import checksum_of, start_from

    taken, tensors = start_from(blueprint.network(row), recipe.pretrained)
    where = blueprint.space.format(row)
    said = f"networks start from {recipe.pretrained}, of which, for one, {where} takes {taken} of its {tensors} tensors"
    return {"pretrained": checksum_of(recipe.pretrained)}, [said]


def check_device(device: str) -> None:
    """See that PyTorch can compute on a device.

    Raises:
        MissingExtra: When PyTorch is not installed.
        BadSetting: When it cannot, and why.
    """
    torch = require("torch", "torch")
    try:
        torch.ones(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # PyTorch's complaints are of any kind
        why = str(error).splitlines()[0].partition(". ")[0].rstrip(".")
        raise BadSetting(f"the device {device!r} cannot be used here ({why}); cpu always works") from None
