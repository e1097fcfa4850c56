"""How fast a supernet of cells is, and what it keeps for the backward pass, beside one in the published layout.

The published layout has five modules on each of six edges, each edge the sum of what they give times its coefficients,
as in AutoDL-Projects and DARTS; it is written out here. Both are given the same images; forward and backward passes run
in turns, in processor time on one thread. A single path is held against the stand-alone network of its architecture.

    python benchmarks/supernet.py [--space nasbench201] [--batch 64] [--rounds 5] [--bf16]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

import nasbed
from nasbed.core.rng import Streams
from nasbed.nets.passes import kept_memory
from nasbed.nets.supernet import Supernet

MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", action="append", help="nasbench201 and darts, if not given")
    parser.add_argument("--batch", type=int, default=64, help="images a step")
    parser.add_argument("--rounds", type=int, default=5, help="timings, of which the median counts")
    parser.add_argument("--bf16", action="store_true", help="computes in bfloat16 as well")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'space':12}{'step':32}{'ms':>9}{'of published':>14}{'MiB kept':>10}{'of published':>14}")
    for name in given.space or ("nasbench201", "darts"):
        measure(name, given.batch, given.rounds, given.bf16)


def measure(name: str, batch: int, rounds: int, bf16: bool) -> None:
    """Print the figures of one space."""
    torch.manual_seed(0)
    net, published = SPACES[name]()
    images, labels = torch.randn(batch, 3, 32, 32), torch.randint(10, (batch,))
    alphas = [one.requires_grad_() for one in net.uniform()]
    row = net.space.sample(Streams.from_seed(0, 1))[0]
    alone, path = net.subnet(row), net.one_hot(row)
    autocast = torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext()
    ways = {
        "published layout": (lambda: published(images), nullcontext()),
        "supernet": (lambda: net(images, alphas), nullcontext()),
        **({"supernet, bfloat16": (lambda: net(images, alphas), autocast)} if bf16 else {}),
        "stand-alone network": (lambda: alone(images), nullcontext()),
        "supernet, one path": (lambda: net(images, path), nullcontext()),
    }
    steps = [stepped(forward, labels, context) for forward, context in ways.values()]
    times = [median(taken) for taken in timed(steps, rounds)]
    kept = [saved(forward, context) for forward, context in ways.values()]
    base = list(ways).index("stand-alone network")
    for i, title in enumerate(ways):
        of = 0 if i < base else base
        print(
            f"{name:12}{title:32}{times[i] * 1e3:9.1f}{times[i] / times[of]:14.3f}{kept[i] / MIB:10.0f}"
            f"{kept[i] / kept[of]:14.3f}"
        )


def stepped(
    forward: Callable[[], Tensor], labels: Tensor, context: AbstractContextManager[object]
) -> Callable[[], None]:
    """Return a forward and a backward pass."""

    def step() -> None:
        with context:
            loss = functional.cross_entropy(forward(), labels)
        loss.backward()

    return step


def timed(steps: Sequence[Callable[[], None]], rounds: int) -> list[list[float]]:
    """Time some steps in turns; the first of each does not count."""
    taken: list[list[float]] = [[] for _ in steps]
    with kept_memory():
        for number in range(rounds + 1):
            for step, times in zip(steps, taken, strict=True):
                began = time.process_time()
                step()
                if number:
                    times.append(time.process_time() - began)
    return taken


def saved(forward: Callable[[], Tensor], context: AbstractContextManager[object]) -> int:
    """Count the bytes that a forward pass keeps for the backward pass, weights apart, each storage once."""
    found: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        if not isinstance(x, nn.Parameter) and x.numel() > 2**14:
            found[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with context, torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        kept = forward()
    del kept
    return sum(found.values())


# ── the published layout ──────────────────────────────────────────────────────────────────────────────────────────


class Mixed(nn.Module):
    """Operations on an edge, each times its coefficient."""

    def __init__(self, operations: Sequence[nn.Module]) -> None:
        super().__init__()
        self.operations = nn.ModuleList(operations)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return what comes out of it."""
        return sum(weight * operation(x) for weight, operation in zip(weights, self.operations, strict=True))  # type: ignore[return-value]


class Zero(nn.Module):
    """Zeros that depend on what is read."""

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Return what comes out of it."""
        return x[:, :, :: self.stride, :: self.stride].mul(0.0)


def conv_norm(sources: int, targets: int, kernel: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(sources, targets, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(targets, affine=False, track_running_stats=False),
    )


class Residual(nn.Module):
    """The block between two stages."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        self.a, self.b = conv_norm(sources, targets, 3, 2), conv_norm(targets, targets, 3)
        self.down = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(sources, targets, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Return what comes out of it."""
        return self.down(x) + self.b(self.a(x))  # type: ignore[no-any-return]


class Cell201(nn.Module):
    """Four nodes with five operations on each of six edges."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(
            Mixed([
                Zero(), nn.Identity(), conv_norm(channels, channels, 1), conv_norm(channels, channels, 3),
                nn.AvgPool2d(3, 1, 1, count_include_pad=False),
            ])
            for _ in range(6)
        )  # fmt: skip

    def forward(self, x: Tensor, alphas: Tensor) -> Tensor:
        """Return what comes out of it."""
        nodes, edge = [x], 0
        for node in range(1, 4):
            brought = []
            for source in nodes[:node]:
                brought.append(self.edges[edge](source, alphas[edge]))
                edge += 1
            nodes.append(sum(brought))
        return nodes[-1]


class Published201(nn.Module):
    """The supernet of NAS-Bench-201 as AutoDL-Projects lays it out."""

    def __init__(self, channels: int, cells: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        layers: list[nn.Module] = []
        for stage in range(3):
            if stage:
                layers.append(Residual(channels, 2 * channels))
                channels *= 2
            layers += [Cell201(channels) for _ in range(cells)]
        self.layers = nn.ModuleList(layers)
        self.head = nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)
        )
        self.alphas = nn.Parameter(torch.full((6, 5), 0.2))

    def forward(self, images: Tensor) -> Tensor:
        """Return what comes out of it."""
        x = self.stem(images)
        for layer in self.layers:
            x = layer(x, self.alphas) if isinstance(layer, Cell201) else layer(x)
        return self.head(x)  # type: ignore[no-any-return]


def norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=False)


def separable(channels: int, kernel: int, stride: int, dilation: int = 1, times: int = 1) -> nn.Module:
    def layers() -> Iterator[nn.Module]:
        for step in (stride, 1)[:times]:
            padding = dilation * (kernel - 1) // 2
            yield nn.ReLU()
            yield nn.Conv2d(channels, channels, kernel, step, padding, dilation, groups=channels, bias=False)
            yield nn.Conv2d(channels, channels, 1, bias=False)
            yield norm(channels)

    return nn.Sequential(*layers())


class Reduced(nn.Module):
    """A factorized reduction."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        self.a, self.b = (nn.Conv2d(sources, targets // 2, 1, 2, bias=False) for _ in range(2))
        self.norm = norm(targets)

    def forward(self, x: Tensor) -> Tensor:
        """Return what comes out of it."""
        x = functional.relu(x)
        return self.norm(torch.cat([self.a(x), self.b(functional.pad(x[:, :, 1:, 1:], (0, 1, 0, 1)))], dim=1))  # type: ignore[no-any-return]


class CellDARTS(nn.Module):
    """Four nodes with eight operations on each of fourteen edges, poolings without a normalisation behind them."""

    def __init__(self, before: int, nearest: int, channels: int, stride: int, halves: bool) -> None:
        super().__init__()
        self.first = Reduced(before, channels) if halves else conv_norm(before, channels, 1)
        self.second = conv_norm(nearest, channels, 1)
        self.edges = nn.ModuleList(
            self.edge(channels, stride if source < 2 else 1) for node in range(4) for source in range(2 + node)
        )
        self.row = 14 if stride == 2 else 0

    @staticmethod
    def edge(channels: int, stride: int) -> Mixed:
        """Make what stands on an edge."""
        return Mixed([
            Zero(stride), nn.MaxPool2d(3, stride, 1), nn.AvgPool2d(3, stride, 1, count_include_pad=False),
            nn.Identity() if stride == 1 else Reduced(channels, channels),
            separable(channels, 3, stride, times=2), separable(channels, 5, stride, times=2),
            separable(channels, 3, stride, 2), separable(channels, 5, stride, 2),
        ])  # fmt: skip

    def forward(self, before: Tensor, nearest: Tensor, alphas: Tensor) -> Tensor:
        """Return what comes out of it."""
        nodes, edge = [self.first(before), self.second(nearest)], 0
        for _ in range(4):
            brought = []
            for source in tuple(nodes):
                brought.append(self.edges[edge](source, alphas[self.row + edge]))
                edge += 1
            nodes.append(sum(brought))
        return torch.cat(nodes[2:], dim=1)


class PublishedDARTS(nn.Module):
    """The supernet of DARTS as published, with a row of coefficients for each edge of both cells."""

    def __init__(self, channels: int, cells: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 3 * channels, 3, padding=1, bias=False), nn.BatchNorm2d(3 * channels))
        before = nearest = 3 * channels
        halves, layers = False, list[nn.Module]()
        for i in range(cells):
            stride = 2 if i in (cells // 3, 2 * cells // 3) else 1
            channels *= stride
            layers.append(CellDARTS(before, nearest, channels, stride, halves))
            before, nearest, halves = nearest, 4 * channels, stride == 2
        self.layers = nn.ModuleList(layers)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(nearest, 10))
        self.alphas = nn.Parameter(torch.full((28, 8), 0.125))

    def forward(self, images: Tensor) -> Tensor:
        """Return what comes out of it."""
        before = nearest = self.stem(images)
        for layer in self.layers:
            before, nearest = nearest, layer(before, nearest, self.alphas)
        return self.head(nearest)  # type: ignore[no-any-return]


def nasbench201() -> tuple[Supernet, nn.Module]:
    return nasbed.supernet("nasbench201", channels=16, cells=5), Published201(16, 5)


def darts() -> tuple[Supernet, nn.Module]:
    return nasbed.supernet("darts:cells=8,channels=16"), PublishedDARTS(16, 8)


SPACES = {"nasbench201": nasbench201, "darts": darts}


if __name__ == "__main__":
    main()
