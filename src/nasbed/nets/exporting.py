"""Exporting: a network out of a supernet, by itself: as a module, as a file of weights, and as ONNX.

In evaluation, normalisations read averages, of which a supernet has none: so an exported network has those that its own
normalisations took over some images.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.files import replacing
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.network_file import save_network
from nasbed.nets.recipe import Recipe

FORMS = (".safetensors", ".pt", ".onnx")
"""What the names of exported files end with."""


def stand_alone(blueprint: Blueprint, row: Archs, subnet: nn.Module) -> nn.Module:
    """Return a network with weights and averages of its own that computes what a supernet's subnet computes.

    It is the blueprint's ordinary network. Where a normalisation of the subnet has neither scale nor offset, its own
    are 1 and 0. It is in evaluation mode.

    Args:
        blueprint: How architectures become networks.
        row: The architecture, ``(decisions,)``.
        subnet: What ``Supernet.subnet`` gave for it.
    """
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = blueprint.network(row)
    with torch.no_grad():
        for name, module in network.named_modules():
            lender = subnet.get_submodule(name)
            for own in (*module._parameters, *module._buffers):
                mine, theirs = getattr(module, own), getattr(lender, own)
                if isinstance(mine, Tensor) and theirs is not None:
                    mine.copy_(theirs)
    return network.to(next(subnet.parameters()).device).eval()


def export(
    path: str | Path,
    network: nn.Module,
    blueprint: Blueprint,
    row: Archs,
    recipe: Recipe,
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Write a network to a file, whole or not at all, and give its path.

    ``NAME.safetensors`` is what ``load_network`` reads; ``NAME.pt`` a state for ``load_state_dict``, which
    ``torch.load(…, weights_only=True)`` reads; ``NAME.onnx`` maps ``images``, as many as one likes, to ``logits``.

    Args:
        path: Where.
        network: The network, on the CPU.
        blueprint: How it was built.
        row: The architecture, ``(decisions,)``.
        recipe: How it was trained.
        facts: What else is worth knowing of it, JSON-able; in the first form alone.

    Raises:
        BadSetting: When the name ends otherwise, or nothing can be written there.
        MissingExtra: When what writes ONNX is not installed.
    """
    path = Path(path)
    if path.suffix not in FORMS:
        raise BadSetting(f"a network is exported as {', '.join(f'NAME{form}' for form in FORMS)}, not as {path.name!r}")
    if path.suffix == ".safetensors":
        save_network(path, network, blueprint, row, recipe, facts or {})
    elif path.suffix == ".pt":
        with replacing(path) as beside:
            torch.save(network.state_dict(), beside)
    else:
        _export_onnx(path, network.eval(), blueprint)
    return path


def _export_onnx(path: Path, network: nn.Module, blueprint: Blueprint) -> None:
    for needed in ("onnx", "onnxscript"):
        require(needed, "onnx")
    images = torch.zeros(2, blueprint.image_channels, blueprint.image_size, blueprint.image_size)
    with _silence():
        program = torch.onnx.export(
            network,
            (images,),
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # since no file was named
    with replacing(path) as beside:
        program.save(str(beside))


@contextmanager
def _silence() -> Iterator[None]:
    """Keep back what PyTorch's exporter says of its own parts, and of libraries that nothing here needs."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
