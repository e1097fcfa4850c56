"""Saved networks: trained weights in a file that says by itself which network they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.graph import Graph
from nasbed.nets.network import Network
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import Skeleton
from nasbed.nets.tensorfile import read_tensors, write_tensors

FORMAT = "nasbed.network.1"


def save_network(path: Path, network: Network, graph: Graph, recipe: Recipe, facts: Mapping[str, Any]) -> None:
    """Write the weights and running averages of one network, with all that rebuilding it takes, in safetensors' format.

    Args:
        path: Where; a file of that name is replaced when the new one is complete.
        network: Of one repeat.
        graph: The module that it was built of.
        recipe: How it was trained.
        facts: What else is worth knowing of it, JSON-able.

    Raises:
        BadSetting: When nothing can be written there.
    """
    known = {
        "format": FORMAT,
        "module": {"adjacency": graph.adjacency, "labels": graph.labels},
        "skeleton": network.skeleton.to_dict(),
        "recipe": recipe.to_dict(),
    }
    write_tensors(path, network.state_dict(), {**known, **facts})


def load_network(path: str | Path, device: torch.device | str = "cpu") -> Network:
    """Rebuild a network from its file alone, in evaluation mode: the logits are the saved network's.

    Raises:
        FileNotFoundError: When there is no such file.
        CorruptFile: When it is damaged, or does not hold a network.
    """
    path = Path(path)
    tensors, facts = read_tensors(path)
    if facts.get("format") != FORMAT:
        raise CorruptFile(f"{path} does not hold a network ({FORMAT}) but {facts.get('format')!r}")
    try:
        graph = Graph.of(facts["module"]["adjacency"], facts["module"]["labels"])
        momentum = Recipe(**facts["recipe"]).norm_momentum
        network = Network(graph, Skeleton(**facts["skeleton"]), norm_momentum=momentum)
        network.load_state_dict(tensors)
    except (NasbedError, KeyError, TypeError, RuntimeError) as error:
        raise CorruptFile(f"{path} holds no network that this version can build: {error}") from None
    return network.to(device).eval()


def network_facts(path: str | Path) -> dict[str, Any]:
    """Give what a network's file says of it: module, skeleton, recipe, data, seed, accuracies, versions.

    Raises:
        FileNotFoundError: When there is no such file.
        CorruptFile: When it is damaged.
    """
    return read_tensors(Path(path))[1]
