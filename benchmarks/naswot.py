"""How long NASWOT takes on a cell of NAS-Bench-201, against a plain reading of the paper's code, with equal scores.

The plain way is what the published description says: a forward and a backward pass over the whole batch, which mark the
modules that it reaches, then a second forward pass with hooks on every module whose class has ReLU in its name, each of
which adds two float32 products, copied to NumPy. Both score the same network on the same batch, in turn.

The convolutions' peak is the best rate of any of a few convolutions that suit the machine; the share of it is what the
convolutions of our one forward pass need at that rate, against all the time that a score takes.

    python benchmarks/naswot.py [--cells 20] [--batch 128] [--threads 1]

On one thread times are the process's own, so that what else the machine does slows nobody down; on more, the clock's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nasbed.core.rng import Streams
from nasbed.nets.blueprint import build
from nasbed.proxies.naswot import NASWOT
from nasbed.proxies.probe import Probe
from nasbed.spaces.nasbench201 import NASBench201


def plain(network: nn.Module, images: Tensor) -> float:
    """Score as described: two passes, one of them back, and float32 products."""
    kernel: NDArray[np.float64] = np.zeros((len(images), len(images)))
    reached: set[nn.Module] = set()

    def forward(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal kernel
        if module in reached:
            x = (given[0].reshape(len(images), -1) > 0).float()
            kernel = kernel + (x @ x.t()).numpy() + ((1 - x) @ (1 - x.t())).numpy()

    handles = []
    for module in network.modules():
        if "ReLU" in type(module).__name__:
            handles.append(module.register_forward_hook(forward))
            handles.append(module.register_full_backward_hook(lambda module, after, before: reached.add(module)))
    logits = network(images.clone().requires_grad_())
    logits.backward(torch.ones_like(logits))
    network(images)
    for handle in handles:
        handle.remove()
    return float(np.linalg.slogdet(kernel)[1])


def convolution_operations(network: nn.Module, images: Tensor) -> int:
    """Count the multiplications and additions of a batch's convolutions."""
    total = 0

    def add(layer: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        total += 2 * output[0, 0].numel() * layer.weight.numel()

    handles = [m.register_forward_hook(add) for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        network(images[:2])
    for handle in handles:
        handle.remove()
    return total * len(images)


def peak(clock: Callable[[], float]) -> float:
    """Measure the best rate of a convolution, in operations a second."""
    rates = []
    for channels, size in ((64, 32), (128, 16), (256, 16), (512, 8)):
        layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        images = torch.randn(32, channels, size, size).contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            layer(images)
            for _ in range(7):
                start = clock()
                layer(images)
                rates.append(2 * images.numel() * 9 * channels / (clock() - start))
    return max(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=20, help="how many random ones")
    parser.add_argument("--batch", type=int, default=128, help="images, of noise")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = time.process_time if arguments.threads == 1 else time.perf_counter

    space, proxy = NASBench201(), NASWOT()
    images = torch.randn(arguments.batch, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    cells = space.sample(Streams.from_seed(0, arguments.cells))
    proxy(Probe(build(space, cells[0]), images[:2]))  # compiles
    best = peak(clock)
    figures = []
    print(f"batch {arguments.batch}, {arguments.threads} thread(s); convolutions reach {best / 1e9:.0f} GFLOP/s")
    print(f"{'cell':12}{'nasbed, s':>10}{'plain, s':>10}{'ratio':>8}{'score':>12}{'difference':>12}{'of peak':>9}")
    for cell in cells:
        torch.manual_seed(0)
        network = build(space, cell)
        operations = convolution_operations(network, images)
        start = clock()
        score = proxy(Probe(network, images))
        ours = clock() - start
        start = clock()
        published = plain(network, images)
        theirs = clock() - start
        difference = abs(score - max(published, -1e8))
        figures.append((ours, theirs, theirs / ours, difference, operations / best / ours))
        print(
            f"{''.join(map(str, cell)):12}{ours:>10.3f}{theirs:>10.3f}{theirs / ours:>8.1f}"
            f"{score:>12.3f}{difference:>12.1e}{figures[-1][-1]:>9.0%}",
            flush=True,
        )
    columns = list(zip(*figures, strict=True))
    means = [sum(column) / len(column) for column in columns]
    print(f"{'mean':12}{means[0]:>10.3f}{means[1]:>10.3f}{means[1] / means[0]:>8.1f}{'':24}{means[4]:>9.0%}")
    middle = [median(column) for column in columns]
    print(f"{'median':12}{middle[0]:>10.3f}{middle[1]:>10.3f}{middle[2]:>8.1f}{'':24}{middle[4]:>9.0%}")
    print(f"{'worst':12}{max(columns[0]):>10.3f}{'':10}{min(columns[2]):>8.1f}{'':12}{max(columns[3]):>12.1e}")


if __name__ == "__main__":
    main()
