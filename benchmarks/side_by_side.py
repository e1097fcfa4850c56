"""How much faster networks train side by side than one after another, in any space, on images as small as digits.

One pass over K networks, which nasbed stacks out of the layers of the space's own networks, is held against a plain
PyTorch loop that trains the same networks one after another. They run in turns, in processor time on one thread.

    python benchmarks/side_by_side.py [--space nasbench201] [--networks 16] [--batch 25] [--rounds 7]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn

from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.nets.blueprint import Blueprint, blueprint_of
from nasbed.nets.descent import optimizer
from nasbed.nets.initialisation import initialised
from nasbed.nets.passes import flattened, kept_memory
from nasbed.nets.recipe import NASBENCH201
from nasbed.nets.side_by_side import side_by_side

FRAME = {"classes": 10, "image_size": 8, "image_channels": 1}
SHAPE = (1, 8, 8)

Step = Callable[[], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", action="append", help="nasbench201 and nasbenchmacro, if not given")
    parser.add_argument("--networks", type=int, default=16)
    parser.add_argument("--batch", type=int, default=25, help="images a step")
    parser.add_argument("--rounds", type=int, default=7, help="timings, of which the median counts")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'space':15}{'networks':24}{'plain ms':>10}{'ours ms':>10}{'ratio':>8}  way")
    for name in given.space or ("nasbench201", "nasbenchmacro"):
        space = spaces.read(name)
        blueprint = blueprint_of(space)
        blueprint = blueprint_of(space, **FRAME, **blueprint.small)
        rows = space.sample(Streams.from_seed(0, given.networks))
        for what, some in (("seeds of one", [rows[0]] * given.networks), ("different ones", list(rows))):
            ours, way = stacked(made(blueprint, some), given.batch)
            ways = [plain(made(blueprint, some), given.batch), ours]
            loop, one = (median(times) for times in timed(ways, given.rounds))
            title = f"{given.networks} {what}"
            print(f"{name:15}{title:24}{loop * 1e3:10.1f}{one * 1e3:10.1f}{loop / one:8.2f}  {way}")


def made(blueprint: Blueprint, rows: Sequence[torch.Tensor]) -> list[nn.Module]:
    return [initialised(blueprint, row, NASBENCH201, seed) for seed, row in enumerate(rows)]


def plain(networks: Sequence[nn.Module], batch: int) -> Step:
    """Make the step of a loop that trains one network after another."""
    images, labels = torch.randn(batch, *SHAPE), torch.randint(10, (batch,))
    settings = {"lr": 1e-3, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    pairs = [(network, torch.optim.SGD(network.parameters(), **settings)) for network in networks]

    def step() -> None:
        for network, descent in pairs:
            descent.zero_grad()
            F.cross_entropy(network(images), labels).backward()
            descent.step()

    return step


def stacked(networks: Sequence[nn.Module], batch: int) -> tuple[Step, str]:
    """Make the step of one pass over all of them, as ``nasbed.nets.passes`` does."""
    whole = side_by_side(networks, SHAPE)
    leaves = tuple(whole.parameters())
    weights = flattened(leaves)
    descent = optimizer(NASBENCH201, weights)
    descent.param_groups[0]["lr"] = 1e-3
    images = torch.randn(batch, len(networks), *SHAPE[1:])
    labels = torch.randint(10, (len(networks) * batch,))

    def step() -> None:
        loss = F.cross_entropy(whole(images).flatten(0, 1), labels, reduction="sum") / batch
        gradients = torch.autograd.grad(loss, leaves, materialize_grads=True)
        weights.grad = torch.cat([gradient.reshape(-1) for gradient in gradients])
        descent.step()

    return step, whole.way


def timed(ways: Sequence[Step], rounds: int) -> list[list[float]]:
    """Time some steps in turns; the first of each does not count."""
    taken: list[list[float]] = [[] for _ in ways]
    with kept_memory():
        for number in range(rounds + 1):
            for step, times in zip(ways, taken, strict=True):
                began = time.process_time()
                step()
                if number:
                    times.append(time.process_time() - began)
    return taken


if __name__ == "__main__":
    main()
