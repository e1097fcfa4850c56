"""Modules to build, and the published network written plainly: one layer object at a time, one vertex at a time."""

from hypothesis import strategies as st
from torch import Tensor, cat, nn, no_grad

from nasbed.core.graph import Graph
from nasbed.nets.nasbench101 import NASBench101Blueprint
from nasbed.nets.parts import STEPS
from nasbed.spaces.nasbench101 import NASBench101

ANY101 = NASBench101(operations=tuple(STEPS), edges=21)
"""Every module that there is a network for, with up to seven vertices."""

INCEPTION = Graph.of(
    [
        [0, 1, 1, 1, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0],
    ],
    ["input", "conv1x1-bn-relu", *["conv3x3-bn-relu"] * 3, "maxpool3x3", "output"],
)
"""The documentation's example."""


@st.composite
def modules(draw, vertices=7, operations=tuple(STEPS)):
    """Pruned modules of up to so many vertices."""
    count = draw(st.integers(2, vertices))
    edges = [[draw(st.booleans()) if i < j else False for j in range(count)] for i in range(count)]
    if not any(edges[i][-1] for i in range(count)):
        edges[0][-1] = True
    labels = ["input", *(draw(st.sampled_from(operations)) for _ in range(count - 2)), "output"]
    pruned = Graph.of(edges, labels).pruned()
    return pruned or Graph.of([[0, 1], [0, 0]], ["input", "output"])


skeletons = st.builds(
    NASBench101Blueprint,
    st.just(ANY101),
    stem_channels=st.integers(28, 40),  # at most 5 vertices feed an output, and a bottleneck needs 4 channels
    stacks=st.integers(1, 3),
    modules_per_stack=st.integers(1, 2),
    classes=st.integers(2, 5),
    image_size=st.integers(4, 9),
    image_channels=st.integers(1, 3),
)


def small101(graph, **settings):
    """The blueprint for digits of the smallest space that has a module, and the module's row."""
    space = NASBench101.around(graph)
    digits = {"classes": 10, "image_size": 8, "image_channels": 1, **NASBench101Blueprint.small}
    return NASBench101Blueprint(space, **{**digits, **settings}), space.embed(graph)


def gradients(whole, place):
    """The gradients of one of several networks side by side, by the names of its parameters."""
    weights = [parameter.data for parameter in whole.parameters()]
    for parameter in whole.parameters():
        parameter.data = parameter.grad
    found = {name: tensor.clone() for name, tensor in whole.state(place).items()}
    for parameter, values in zip(whole.parameters(), weights, strict=True):
        parameter.data = values
    return found


class PlainNetwork(nn.Module):
    """What FACTS says of the published network, with ordinary layers under the names that ours have."""

    def __init__(self, graph: Graph, skeleton: NASBench101Blueprint, norm_momentum: float) -> None:
        super().__init__()
        self.graph, self.skeleton, self.norm_momentum = graph, skeleton, norm_momentum
        self.layers = {}
        self.layers["stem"] = self._layer(skeleton.image_channels, skeleton.stem_channels, 3)
        self.channels = []  # of each vertex of each module
        width = source = skeleton.stem_channels
        number = 0
        for stack in range(skeleton.stacks):
            width *= 2 if stack else 1
            for _ in range(skeleton.modules_per_stack):
                self._module(f"cells.{number}", source, width)
                source = width
                number += 1
        self.layers["classifier"] = nn.Linear(source, skeleton.classes)
        self.every = nn.ModuleList(self.layers.values())

    @no_grad()
    def load(self, network: nn.Module) -> "PlainNetwork":
        """Take over the weights and averages of one of ours."""
        for name, layer in self.layers.items():
            layer.load_state_dict(network.get_submodule(name).state_dict())
        return self

    def named_tensors(self) -> dict[str, Tensor]:
        """Parameters and averages by the names that they have in ours."""
        return {
            f"{path}.{name}": tensor
            for path, layer in self.layers.items()
            for name, tensor in (*layer.named_parameters(), *layer.named_buffers())
            if tensor.dim()
        }

    def _layer(self, source: int, target: int, kernel: int) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(source, target, kernel, padding="same", bias=False),
            nn.BatchNorm2d(target, eps=1e-5, momentum=1 - self.norm_momentum),
            nn.ReLU(),
        )

    def _module(self, name: str, source: int, target: int) -> None:
        graph = self.graph
        last = graph.vertices - 1
        feeding = [v for v in graph.predecessors(last) if v != 0]
        channels = dict.fromkeys(range(graph.vertices), 0)
        for rank, v in enumerate(feeding):
            channels[v] = target // len(feeding) + (1 if rank < target % len(feeding) else 0)
        for v in reversed(range(1, last)):
            if v not in feeding:
                channels[v] = max(channels[w] for w in graph.successors(v))
        channels[last] = target
        self.channels.append(channels)
        for v in range(1, graph.vertices):
            if 0 in graph.predecessors(v):
                self.layers[f"{name}.projections.{v}"] = self._layer(source, channels[v], 1)
            if v != last:
                self._operation(f"{name}.operations.{v}", graph.labels[v], channels[v])

    def _operation(self, name: str, label: str, width: int) -> None:
        if label == "conv3x3-bn-relu":
            self.layers[name] = self._layer(width, width, 3)
        elif label == "conv1x1-bn-relu":
            self.layers[name] = self._layer(width, width, 1)
        elif label == "maxpool3x3-conv1x1":
            self.layers[f"{name}.1"] = self._layer(width, width, 1)
        elif label.startswith("bottleneck"):
            self.layers[f"{name}.0"] = self._layer(width, width // 4, 1)
            self.layers[f"{name}.1"] = self._layer(width // 4, width // 4, 5 if label.endswith("5x5") else 3)
            self.layers[f"{name}.2"] = self._layer(width // 4, width, 1)

    def _operate(self, name: str, label: str, x: Tensor) -> Tensor:
        if label.startswith("maxpool3x3"):
            x = nn.MaxPool2d(3, stride=1, padding=1)(x)
        for layer in (name, f"{name}.0", f"{name}.1", f"{name}.2"):
            if layer in self.layers:
                x = self.layers[layer](x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        graph, last = self.graph, self.graph.vertices - 1
        x = self.layers["stem"](x)
        for number, channels in enumerate(self.channels):
            if number and number % self.skeleton.modules_per_stack == 0:
                x = nn.MaxPool2d(2)(x)
            values = {}
            for v in range(1, last):
                total = 0
                for u in graph.predecessors(v):
                    if u == 0:
                        total = total + self.layers[f"cells.{number}.projections.{v}"](x)
                    else:
                        total = total + values[u][:, : channels[v]]
                values[v] = self._operate(f"cells.{number}.operations.{v}", graph.labels[v], total)
            feeding = [values[v] for v in graph.predecessors(last) if v != 0]
            out = cat(feeding, dim=1) if feeding else 0
            if 0 in graph.predecessors(last):
                out = out + self.layers[f"cells.{number}.projections.{last}"](x)
            x = out
        return self.layers["classifier"](x.mean(dim=(2, 3)))
