"""Network file: the weights and running averages of one trained network, with all that rebuilding it takes.

The file is in safetensors' format, and nothing in it executes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.core.errors import CorruptFile, NasbedError, NotNamed
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.nets.blueprint import Blueprint, blueprint_of
from nasbed.nets.initialisation import initialised
from nasbed.nets.recipe import Recipe
from nasbed.nets.tensorfile import read_tensors, write_tensors

FORMAT, EARLIER = "nasbed.network.2", "nasbed.network.1"

_EARLIER_NAMES = {"weight": "0.weight", "scale": "1.weight", "offset": "1.bias", "mean": "1.running_mean"}
_EARLIER_NAMES |= {"variance": "1.running_var"}


def save_network(
    path: Path, network: nn.Module, blueprint: Blueprint, row: Archs, recipe: Recipe, facts: Mapping[str, Any]
) -> None:
    """Write a network's file.

    Args:
        path: Where; a file of that name is replaced when the new one is complete.
        network: What ``blueprint`` built of ``row``.
        blueprint: How it was built.
        row: The architecture, ``(decisions,)``.
        recipe: How it was trained.
        facts: What else is worth knowing of it, JSON-able.

    Raises:
        BadSetting: When nothing can be written there.
    """
    space = blueprint.space
    known = {
        "format": FORMAT,
        "space": {"name": space.kind, **space.settings()},
        "architecture": space.format(row),
        "row": [int(value) for value in row],
        "skeleton": blueprint.settings(),
        "recipe": recipe.to_dict(),
    }
    write_tensors(path, network.state_dict(), {**known, **facts})


def load_network(path: str | Path, device: torch.device | str = "cpu", space: Space | None = None) -> nn.Module:
    """Rebuild a network from its file alone, in evaluation mode: the logits are the saved network's.

    Args:
        path: The file.
        device: Where to.
        space: The space of the architecture; needed if it is one of your own that is not registered, or whose networks
            a file of yours makes: ``nasbed.space("model.py:build")``.

    Raises:
        FileNotFoundError: When there is no such file.
        NotNamed: When a file of yours makes the network, and the space is not given.
        CorruptFile: When it is damaged, or does not hold a network that can be built.
    """
    path = Path(path)
    tensors, facts = read_tensors(path)
    if facts.get("format") not in (FORMAT, EARLIER):
        raise CorruptFile(f"{path} does not hold a network ({FORMAT}) but {facts.get('format')!r}")
    try:
        is_earlier = facts["format"] == EARLIER
        if is_earlier:
            space, row, tensors = _of_earlier(facts, tensors)
        else:
            row = torch.tensor(facts["row"], dtype=torch.int8).numpy()
        if space is None:
            settings = dict(facts["space"])
            space = spaces.make(settings.pop("name"), settings)
        recipe = Recipe(**{**facts["recipe"], "pretrained": ""})  # whose file need not be here
        network = initialised(blueprint_of(space, **facts["skeleton"]), row, recipe, 0)
        network.load_state_dict({**network.state_dict(), **tensors} if is_earlier else tensors)  # it had no counters
    except NotNamed:
        raise
    except (NasbedError, KeyError, TypeError, RuntimeError) as error:
        raise CorruptFile(f"{path} holds no network that this version can build: {error}") from None
    return network.to(device).eval()


def network_facts(path: str | Path) -> dict[str, Any]:
    """Give what a network's file says of it: architecture, skeleton, recipe, data, seed, accuracies, versions.

    Raises:
        FileNotFoundError: When there is no such file.
        CorruptFile: When it is damaged.
    """
    return read_tensors(Path(path))[1]


def _of_earlier(facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> tuple[Space, Archs, dict[str, Tensor]]:
    """Read what version 0.1 wrote: a module of NAS-Bench-101, and its layers by names of their own."""
    graph = Graph.of(facts["module"]["adjacency"], facts["module"]["labels"])
    space = spaces["nasbench101"].around(graph)
    found = {}
    for name, tensor in tensors.items():
        layer, _, kind = name.rpartition(".")
        if layer == "head":
            found[f"classifier.{kind}"] = tensor[0].T if kind == "weight" else tensor.flatten()
        else:
            found[f"{layer}.{_EARLIER_NAMES[kind]}"] = tensor
    return space, space.embed(graph), found
