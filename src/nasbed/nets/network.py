"""Network: a module in its skeleton, once or several times side by side; or several modules of one shape.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``model_builder``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.core.graph import Graph
from nasbed.nets.cells import Cell, pruned
from nasbed.nets.operations import ConvBNReLU, convolutions
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import NASBENCH101, Skeleton
from nasbed.nets.tensorfile import read_tensors, write_tensors

FORMAT = "nasbed.network.1"


class Dense(nn.Module):
    """One dense layer a repeat."""

    def __init__(self, sources: int, targets: int, repeats: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(repeats, sources, targets, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(repeats, 1, targets, dtype=torch.float32))

    def initialise(self, generators: Sequence[torch.Generator], by: str = "tensorflow") -> None:
        """Draw each repeat's weights from its own generator: uniform, after Glorot as in TensorFlow or as in PyTorch.

        Only PyTorch draws biases, too.
        """
        sources, targets = self.weight.shape[1:]
        bound = sources**-0.5 if by == "pytorch" else (6.0 / (sources + targets)) ** 0.5
        for weight, bias, generator in zip(self.weight.data, self.bias.data, generators, strict=True):
            weight.uniform_(-bound, bound, generator=generator)
            if by == "pytorch":
                bias.uniform_(-bound, bound, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, repeats·sources, 1, 1)`` to ``(repeats, batch, targets)``.

        A grouped convolution computes each repeat alike; products of small matrices round by where they lie in memory.
        """
        repeats, sources, targets = self.weight.shape
        weight = self.weight.transpose(1, 2).reshape(repeats * targets, sources, 1, 1)
        found = F.conv2d(x, weight, self.bias.flatten(), groups=repeats)
        return found.view(len(x), repeats, targets).transpose(0, 1)


class Network(nn.Module):
    """The network of one module; with several repeats or modules, as many networks that share nothing but the pass.

    Its weights are empty until ``initialise``. Networks are numbered by module first, then by repeat.

    Args:
        graph: The module, or several that have the same edges once they are pruned; they are pruned first.
        skeleton: The frame around it.
        repeats: How many networks of each module.
        norm_momentum: How much of batch normalisation's running averages stays at each step; 0.997 is published.

    Attributes:
        repeats: How many networks there are.

    Raises:
        BadSetting: When the modules' edges differ.
        InvalidArchitecture: When the output cannot be reached or is too narrow for what feeds it.
        UnknownName: When a label is no operation.
    """

    def __init__(
        self,
        graph: Graph | Sequence[Graph],
        skeleton: Skeleton = NASBENCH101,
        repeats: int = 1,
        norm_momentum: float = 0.997,
    ) -> None:
        super().__init__()
        graphs = [pruned(one) for one in ([graph] if isinstance(graph, Graph) else graph)]
        if len({one.adjacency for one in graphs}) != 1:
            raise BadSetting("modules side by side must have the same edges, pruned; train those that differ apart")
        self.skeleton, self.repeats = skeleton, repeats * len(graphs)
        self.stem = ConvBNReLU(skeleton.image_channels, skeleton.stem_channels, 3, self.repeats, norm_momentum)
        self.cells = nn.ModuleList(
            Cell(graphs, sources, targets, repeats, norm_momentum) for sources, targets in skeleton.module_channels
        )
        self.head = Dense(skeleton.final_channels, skeleton.classes, self.repeats)

    def initialise(self, generators: Sequence[torch.Generator], by: str = "tensorflow") -> Network:
        """Draw all weights, each network's from its own CPU generator, whatever other networks there are.

        Args:
            generators: One a network.
            by: Whose defaults, ``tensorflow`` or ``pytorch``.
        """
        for convolution in convolutions(self):
            convolution.initialise([generators[i] for i in convolution.members], by)
        self.head.initialise(generators, by)
        return self

    @property
    def trainable_parameters(self) -> int:
        """How many trainable numbers a network has; of several modules, the mean, rounded down."""
        return sum(parameter.numel() for parameter in self.parameters()) // self.repeats

    def finite(self) -> Tensor:
        """Say of each network whether all of its weights are finite, ``(repeats,)``."""
        found = self.head.weight.isfinite().flatten(1).all(dim=1) & self.head.bias.isfinite().flatten(1).all(dim=1)
        for layer in convolutions(self):
            sound = [p.view(layer.repeats, -1).isfinite().all(dim=1) for p in (layer.weight, layer.scale, layer.offset)]
            found[list(layer.members)] &= torch.stack(sound).all(dim=0)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(batch, repeats·image_channels, size, size)`` to logits ``(repeats, batch, classes)``."""
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        for number, cell in enumerate(self.cells):
            if number and number % self.skeleton.modules_per_stack == 0:
                x = F.max_pool2d(x, 2)
            x = cell(x)
        logits: Tensor = self.head(F.avg_pool2d(x, x.shape[2:]))  # a mean over dimensions rounds by how many there are
        return logits


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
