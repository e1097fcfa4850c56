"""How many images a second a training step takes in, beside a plain PyTorch loop.

The plain loop trains the same network, one repeat after another, with the layers, the optimizer and the memory layout
that PyTorch gives whoever asks for nothing special. All ways read the same augmented batches, which are drawn
beforehand, and run in turns, so that a busy machine slows all of them. With one thread the processor's time counts,
which is what a campaign pays; elsewhere the wall's, and a busy machine says little.

    python benchmarks/training.py [--skeleton published] [--threads 2] [--workers 2] [--device cuda]

With ``--workers`` as many processes train at once, on the CPU's cores or sharing the GPU. On a GPU, and on a CPU that
computes with bfloat16, there is a line for that, on a GPU one for ``torch.compile``, too. Each says which share of the
measured peak of a float32 matrix product it reaches.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nasbed.core.graph import Graph
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.descent import optimizer
from nasbed.nets.initialisation import initialised
from nasbed.nets.passes import flattened, kept_memory
from nasbed.nets.recipe import RECIPES
from nasbed.nets.side_by_side import side_by_side
from nasbed.spaces.named_modules import NAMED_MODULES
from nasbed.spaces.nasbench101 import NASBench101


@dataclass(frozen=True)
class Case:
    """What is trained: a frame, images a step, and repeats and modules that campaigns train side by side."""

    skeleton: dict[str, int]
    batch: int
    repeats: int
    modules: int = 1


CASES = {
    "digits": Case(
        {"stem_channels": 8, "stacks": 2, "modules_per_stack": 1, "image_size": 8, "image_channels": 1}, 25, 3, 16
    ),
    "mid": Case({"stem_channels": 32, "stacks": 3, "modules_per_stack": 1, "image_size": 16}, 25, 3),
    "published": Case({}, 256, 1),
}


def frame_of(case: Case, graph: Graph) -> Any:
    return blueprint_of(NASBench101.around(graph), **case.skeleton)


def convolution(sources: int, targets: int, kernel: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(sources, targets, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(targets, eps=1e-5, momentum=0.003),
        nn.ReLU(),
    )


class PlainInception(nn.Module):
    """The documentation's module, written by hand: four branches of a quarter of the channels each."""

    graph = NAMED_MODULES["inception-like"]

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        width = targets // 4
        self.into = nn.ModuleList(convolution(sources, width, 1) for _ in range(4))
        self.one = convolution(width, width, 1)
        self.three = nn.ModuleList(convolution(width, width, 3) for _ in range(3))
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate four branches."""
        a, b, c, d = (project(x) for project in self.into)
        first, second, third = self.three
        return torch.cat([self.one(a), first(b), third(second(c)), self.pool(d)], dim=1)


class PlainDense(nn.Module):
    """Two convolutions that both feed the output, every possible edge, written by hand."""

    graph = Graph.of(
        [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
        ["input", "conv3x3-bn-relu", "conv3x3-bn-relu", "output"],
    )

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        width = targets // 2
        self.to_first, self.to_second = convolution(sources, width, 1), convolution(sources, width, 1)
        self.to_output = convolution(sources, targets, 1)
        self.first, self.second = convolution(width, width, 3), convolution(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Add, concatenate, add."""
        first = self.first(self.to_first(x))
        second = self.second(self.to_second(x) + first)
        return torch.cat([first, second], dim=1) + self.to_output(x)


MODULES: dict[str, Any] = {"inception": PlainInception, "dense": PlainDense}


def plain_network(module: str, skeleton: Any) -> nn.Module:
    layers = [convolution(skeleton.image_channels, skeleton.stem_channels, 3)]
    for number, (sources, targets) in enumerate(skeleton.module_channels):
        if number and number % skeleton.modules_per_stack == 0:
            layers.append(nn.MaxPool2d(2))
        layers.append(MODULES[module](sources, targets))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(skeleton.final_channels, skeleton.classes)]
    return nn.Sequential(*layers, *head)


Step = Callable[[], None]


def drawn(case: Case, device: str) -> tuple[Tensor, Tensor]:
    frame = frame_of(case, MODULES["inception"].graph)
    shape = case.batch, case.repeats * frame.image_channels, frame.image_size, frame.image_size
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    labels = torch.randint(frame.classes, (case.repeats, case.batch), generator=torch.Generator().manual_seed(0))
    return images.to(device), labels.to(device)


def plain_step(module: str, case: Case, device: str) -> Step:
    """Make the step of a loop that trains one network after another."""
    networks = [plain_network(module, frame_of(case, MODULES[module].graph)).to(device) for _ in range(case.repeats)]
    optimizers = [torch.optim.RMSprop(n.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4) for n in networks]
    images, labels = drawn(case, device)
    batches = [part.contiguous() for part in images.chunk(case.repeats, dim=1)]

    def step() -> None:
        for network, descent, batch, targets in zip(networks, optimizers, batches, labels, strict=True):
            descent.zero_grad()
            F.cross_entropy(network(batch), targets).backward()
            descent.step()

    return step


def relabelled(graph: Graph, modules: int) -> list[Graph]:
    """Give a module and others with its edges that have the same operations in other places: about the same work."""
    orders = itertools.cycle(sorted(set(itertools.permutations(graph.labels[1:-1]))))
    others = (Graph.of(graph.adjacency, ["input", *labels, "output"]) for labels in orders)
    return [graph, *itertools.islice(others, modules - 1)]


def our_step(module: str, case: Case, device: str, precision: str = "float32", compiled: bool = False) -> Step:
    """Make the step of one pass over all repeats, as ``nasbed.nets.passes`` does."""
    graph = MODULES[module].graph
    blueprint, recipe = frame_of(case, graph), RECIPES["nasbench101"]
    rows = [blueprint.space.embed(one) for one in relabelled(graph, case.modules)]
    networks = [initialised(blueprint, row, recipe, seed) for row in rows for seed in range(case.repeats)]
    case = replace(case, repeats=len(networks))
    return stacked_step(networks, blueprint, case, device, precision, compiled)


def stacked_step(
    networks: list[nn.Module],
    blueprint: Any,
    case: Case,
    device: str,
    precision: str = "float32",
    compiled: bool = False,
) -> Step:
    """Make the step of one pass over networks."""
    shape = blueprint.image_channels, blueprint.image_size, blueprint.image_size
    network = side_by_side(networks, shape).to(device)
    leaves = tuple(network.parameters())
    weights = flattened(leaves)
    descent = optimizer(RECIPES["nasbench101"], weights)
    descent.param_groups[0]["lr"] = 1e-3
    images, labels = drawn(case, device)
    batch = images.contiguous(memory_format=torch.channels_last)
    forward = torch.compile(network) if compiled else network
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bfloat16")

    def step() -> None:
        with autocast:
            logits = forward(batch)
        loss = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="sum") / case.batch
        gradients = torch.autograd.grad(loss, leaves, materialize_grads=True)
        weights.grad = torch.cat([gradient.reshape(-1) for gradient in gradients])
        descent.step()

    return step


@contextmanager
def in_processes(workers: int, threads: int, *what: Any) -> Iterator[Step]:
    """Give a step that so many processes make at once, each with networks of its own."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(workers)]
    processes = [context.Process(target=_serve, args=(theirs, threads, *what), daemon=True) for _, theirs in pipes]
    for process in processes:
        process.start()

    def step() -> None:
        for ours, _ in pipes:
            ours.send(True)
        for ours, _ in pipes:
            ours.recv()

    try:
        yield step
    finally:
        for ours, _ in pipes:
            ours.send(False)
        for process in processes:
            process.join()


def _serve(pipe: Any, threads: int, module: str, case: Case, device: str) -> None:
    torch.set_num_threads(threads)
    step = our_step(module, case, device)
    with kept_memory():
        while pipe.recv():
            step()
            if device != "cpu":
                torch.cuda.synchronize()
            pipe.send(True)


@dataclass(frozen=True)
class Way:
    """A way to train: its step, how many networks' batches that takes in, and whether memory is kept."""

    step: Step
    networks: int
    ours: bool = True


def seconds_a_step(
    ways: dict[str, Way], rounds: int, steps: int, clock: Callable[[], float], finish: Step
) -> dict[str, list[float]]:
    """Time all ways in turns, so many rounds; each makes a step that does not count first."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with kept_memory() if way.ours else nullcontext():
                way.step()
                finish()
                start = clock()
                for _ in range(steps):
                    way.step()
                finish()
                taken[name].append((clock() - start) / steps)
    return taken


def matrix_peak(device: str, clock: Callable[[], float]) -> float:
    """Measure what a product of large float32 matrices reaches, in floating-point operations a second."""
    side = 8192 if device != "cpu" else 1024
    a = torch.randn(side, side, device=device)
    best = 0.0
    for _ in range(5):
        start = clock()
        a @ a
        if device != "cpu":
            torch.cuda.synchronize()
        best = max(best, 2 * side**3 / (clock() - start))
    return best


def operations_an_image(module: str, case: Case) -> int:
    """Count a training step's floating-point operations on one image: forward once, backward twice as much."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        frame = frame_of(case, MODULES[module].graph)
        network = frame.network(frame.space.embed(MODULES[module].graph))
        network(torch.empty(1, frame.image_channels, frame.image_size, frame.image_size))
    return 3 * counter.get_total_flops()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skeleton", choices=CASES, action="append", help="all, if not given")
    parser.add_argument("--module", choices=MODULES, default="inception", help="what the skeleton repeats")
    parser.add_argument("--batch", type=int, help="images a step, for one network; as in the recipe, if not given")
    parser.add_argument("--rounds", type=int, default=7, help="timings, of which the median counts")
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long a timing is")
    parser.add_argument("--threads", type=int, default=1, help="of each process, on the CPU")
    parser.add_argument("--workers", type=int, default=1, help="processes for one more line")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    arguments = parser.parse_args()
    device, module, workers = arguments.device, arguments.module, arguments.workers
    gpu = device != "cpu"
    torch.set_num_threads(arguments.threads)
    finish = torch.cuda.synchronize if gpu else lambda: None
    alone = not gpu and arguments.threads == workers == 1
    clock = time.process_time if alone else time.perf_counter
    peak = matrix_peak(device, clock)
    print(f"{module} module, {device}, {arguments.threads} threads, {'processor' if alone else 'wall'} time")
    print(f"{'skeleton':11}{'way':36}{'ms/step':>10}{'images/s':>11}{'to plain':>10}{'of peak':>9}")
    for name in arguments.skeleton or CASES:
        case = CASES[name]
        several = replace(case, batch=arguments.batch or case.batch)
        case = replace(several, modules=1)
        one = replace(case, repeats=1)
        ways = {"plain PyTorch, one by one": Way(plain_step(module, case, device), case.repeats, ours=False)}
        ways["nasbed, one by one"] = Way(our_step(module, one, device), 1)
        if case.repeats > 1:
            ways[f"nasbed, {case.repeats} in one pass"] = Way(our_step(module, case, device), case.repeats)
        if several.modules > 1:
            networks = several.modules * case.repeats
            ways[f"nasbed, {networks} in one pass"] = Way(our_step(module, several, device), networks)
        if gpu or torch.cpu._is_avx512_bf16_supported():
            ways["nasbed, bfloat16"] = Way(our_step(module, case, device, "bfloat16"), case.repeats)
        if gpu:
            ways["nasbed, bfloat16, compiled"] = Way(our_step(module, case, device, "bfloat16", True), case.repeats)
        together = in_processes(workers, arguments.threads, module, case, device) if workers > 1 else nullcontext()
        with together as step:
            if step is not None:
                ways[f"nasbed, {workers} processes"] = Way(step, workers * case.repeats)
            report(name, module, case, ways, arguments, clock, finish, peak)


def report(
    name: str,
    module: str,
    case: Case,
    ways: dict[str, Way],
    arguments: argparse.Namespace,
    clock: Callable[[], float],
    finish: Step,
    peak: float,
) -> None:
    """Time all ways of one skeleton and print a line for each."""
    plain, *_ = ways.values()
    start = time.perf_counter()
    plain.step()
    steps = max(1, int(arguments.seconds / (time.perf_counter() - start)))
    taken = seconds_a_step(ways, arguments.rounds, steps, clock, finish)
    operations = operations_an_image(module, case)
    baseline = [seconds / plain.networks for seconds in taken["plain PyTorch, one by one"]]
    for way, rounds in taken.items():
        networks = ways[way].networks
        rate = networks * case.batch / median(rounds)
        ratio = median(slow / (seconds / networks) for slow, seconds in zip(baseline, rounds, strict=True))
        share = operations * rate / peak
        print(f"{name:11}{way:36}{1000 * median(rounds):>10.2f}{rate:>11,.0f}{ratio:>10.2f}{share:>9.2f}", flush=True)


if __name__ == "__main__":
    main()
