"""How many images a second a training step takes in, beside a plain PyTorch loop.

The plain loop trains the same network, one repeat after another, with the layers, the optimizer and the memory layout
that PyTorch gives whoever asks for nothing special. Ours is timed with its repeats one by one and in one pass. All of
them read the same augmented batches, which are drawn beforehand, and run in turns, so that a busy machine slows all
of them.

    python benchmarks/training.py [--skeleton digits] [--rounds 7] [--threads 1]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasbed.core.graph import Graph
from nasbed.nets.channels import vertex_channels
from nasbed.nets.network import Network
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.nets.rmsprop import RMSProp
from nasbed.nets.skeleton import DIGITS, Skeleton
from nasbed.nets.training import flattened

SKELETONS = {
    "digits": DIGITS,
    "mid": Skeleton(stem_channels=32, stacks=3, modules_per_stack=1, image_size=16),
}
MODULE = Graph.of(
    [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
    ["input", "conv3x3-bn-relu", "conv3x3-bn-relu", "output"],
)
REPEATS = 3


def convolution(sources: int, targets: int, kernel: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(sources, targets, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(targets, eps=1e-5, momentum=0.1),
        nn.ReLU(),
    )


class PlainCell(nn.Module):
    """The module above, written by hand: two convolutions that both feed the output, every possible edge."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        _, first, second, _ = (int(width) for width in vertex_channels(MODULE.matrix[None], targets)[0])
        self.width = second
        self.to_first, self.to_second = convolution(sources, first, 1), convolution(sources, second, 1)
        self.to_output = convolution(sources, targets, 1)
        self.first, self.second = convolution(first, first, 3), convolution(second, second, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Add, concatenate, add."""
        first = self.first(self.to_first(x))
        second = self.second(self.to_second(x) + first[:, : self.width])
        return torch.cat([first, second], dim=1) + self.to_output(x)


def plain_network(skeleton: Skeleton) -> nn.Module:
    layers = [convolution(skeleton.image_channels, skeleton.stem_channels, 3)]
    for number, (sources, targets) in enumerate(skeleton.module_channels):
        if number and number % skeleton.modules_per_stack == 0:
            layers.append(nn.MaxPool2d(2))
        layers.append(PlainCell(sources, targets))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(skeleton.final_channels, skeleton.classes)]
    return nn.Sequential(*layers, *head)


Step = Callable[[], None]


def plain_step(skeleton: Skeleton, images: Tensor, labels: Tensor) -> Step:
    networks = [plain_network(skeleton) for _ in range(REPEATS)]
    optimizers = [torch.optim.RMSprop(n.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4) for n in networks]
    batches = [part.contiguous() for part in images.chunk(REPEATS, dim=1)]

    def step() -> None:
        for network, optimizer, batch, targets in zip(networks, optimizers, batches, labels, strict=True):
            optimizer.zero_grad()
            F.cross_entropy(network(batch), targets).backward()
            optimizer.step()

    return step


def our_step(skeleton: Skeleton, images: Tensor, labels: Tensor) -> Step:
    """One pass over as many repeats as the labels have rows; as ``nasbed.nets.training`` makes it."""
    repeats = len(labels)
    network = Network(MODULE, skeleton, repeats, RECIPE.norm_momentum)
    network.initialise([torch.Generator().manual_seed(repeat) for repeat in range(repeats)])
    leaves = tuple(network.parameters())
    optimizer = RMSProp([flattened(network)], l2=1e-4)
    batch = images.contiguous(memory_format=torch.channels_last)

    def step() -> None:
        losses = F.cross_entropy(network(batch).flatten(0, 1), labels.flatten(), reduction="none")
        gradients = torch.autograd.grad(losses.view(repeats, -1).mean(dim=1).sum(), leaves)
        optimizer.step([torch.cat([g.reshape(-1) for g in gradients])], 1e-3)

    return step


def in_turn(steps: list[Step]) -> Step:
    def step() -> None:
        for one in steps:
            one()

    return step


def seconds_a_step(ways: dict[str, Step], rounds: int, steps: int) -> dict[str, float]:
    """The median over rounds, in each of which every way makes its steps."""
    for step in ways.values():
        step()
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, step in ways.items():
            start = time.process_time()
            for _ in range(steps):
                step()
            times[way].append((time.process_time() - start) / steps)
    return {way: median(taken) for way, taken in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skeleton", choices=SKELETONS, action="append", help="all, if not given")
    parser.add_argument("--rounds", type=int, default=7, help="timings, of which the median counts")
    parser.add_argument("--steps", type=int, default=10, help="steps of each timing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the processor time of one thread is what a campaign pays
    print(f"{REPEATS} repeats of a module of two conv3x3, batches of {RECIPE.batch_size}, one thread")
    print(f"{'skeleton':10}{'way':34}{'ms/step':>10}{'images/s':>12}{'ratio to plain':>16}")
    for name in arguments.skeleton or SKELETONS:
        skeleton = SKELETONS[name]
        shape = RECIPE.batch_size, REPEATS * skeleton.image_channels, skeleton.image_size, skeleton.image_size
        images = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        labels = torch.randint(skeleton.classes, (REPEATS, RECIPE.batch_size), generator=torch.Generator())
        single = [
            our_step(skeleton, part, row[None]) for part, row in zip(images.chunk(REPEATS, dim=1), labels, strict=True)
        ]
        ways = {
            "plain PyTorch, one by one": plain_step(skeleton, images, labels),
            "nasbed, one by one": in_turn(single),
            f"nasbed, {REPEATS} repeats in one pass": our_step(skeleton, images, labels),
        }
        taken = seconds_a_step(ways, arguments.rounds, arguments.steps)
        plain = taken["plain PyTorch, one by one"]
        for way, seconds in taken.items():
            rate = REPEATS * RECIPE.batch_size / seconds
            print(f"{name:10}{way:34}{1000 * seconds:>10.2f}{rate:>12,.0f}{plain / seconds:>16.2f}")


if __name__ == "__main__":
    main()
