"""Liveness: the peak of a planned network's memory, from the steps of its layers, each of which is traced once.

It is what ``observing.peak_memory`` finds of the network, a hundred times as fast: no network is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch

from nasbed.nets.making import Place, made
from nasbed.nets.observing import Trace, trace
from nasbed.nets.plan import Planned, PlannedCell, PlannedChain, PlannedLayer, Shape, last
from nasbed.spaces.parts import Op

_NUMBER = 4  # bytes, of a float32


def peak_of(planned: PlannedChain, image: Shape) -> int:
    """Return the most bytes that values take at once while an image goes through a planned network in inference.

    Args:
        planned: It.
        image: What it reads.
    """
    steps = _Together(image)
    output = steps.part(planned, [0])
    return Trace(tuple(steps.sizes), tuple(steps.steps), output).peak


class _Together:
    """Puts the steps of layers behind each other, as a network makes them: values are numbers."""

    def __init__(self, image: Shape) -> None:
        self.sizes: list[int] = [_bytes(image)]
        self.steps: list[tuple[int, ...]] = [(0,)]

    def part(self, part: Planned, reads: Sequence[int]) -> int:
        """Make the steps of a part, and return what comes out; as ``written_network`` has it."""
        match part:
            case PlannedLayer():
                op = part.op
                return self.layer(_trace(op.label, op.maker, tuple(op.settings.items()), part.place), reads)
            case PlannedChain():
                outputs = list(reads) if part.reads else []
                for link in part.links:
                    outputs.append(self.part(link, last(outputs or reads, link.needs)))
                return (outputs or reads)[-1]
            case PlannedCell():
                return self.cell(part, reads)
        raise TypeError(f"{type(part).__name__} has no steps")

    def cell(self, cell: PlannedCell, reads: Sequence[int]) -> int:
        """Make the steps of a cell."""
        shapes, nodes = dict[int, Shape](), dict(enumerate(reads))
        for i, before in enumerate(cell.before):
            nodes[i] = self.part(before, [reads[i]])
        for target in sorted({target for _, target, _ in cell.edges}):
            edges = [(nodes[source], part) for source, to, part in cell.edges if to == target]
            brought = [self.part(part, [value]) for value, part in edges]
            gives = [part.gives for _, part in edges]
            channels = sum(one.channels for one in gives) if cell.merge == "concat" else gives[0].channels
            shapes[target] = gives[0]._replace(channels=channels)
            nodes[target] = self.merged(brought, cell.merge, shapes[target])
        return self.merged([nodes[node] for node in cell.outputs], "concat", cell.gives)

    def layer(self, steps: Trace, reads: Sequence[int]) -> int:
        """Make the steps of a layer, of whose values the first is what it reads."""
        numbers = [reads[-1], *range(len(self.sizes), len(self.sizes) + len(steps.sizes) - 1)]
        self.sizes += steps.sizes[1:]
        self.steps += [tuple(numbers[value] for value in step) for step in steps.steps[1:]]
        output: int = numbers[steps.output]
        return output

    def merged(self, values: Sequence[int], how: str, shape: Shape) -> int:
        """Make the steps that merge values to one of this shape: one step for all of a concatenation, else in pairs."""
        if how == "concat" and len(values) > 1:
            return self.new(values, shape)
        first, *others = values
        for value in others:
            first = self.new((first, value), shape)
        return first

    def new(self, values: Sequence[int], shape: Shape) -> int:
        """Make the step that gives a new value of others."""
        self.sizes.append(_bytes(shape))
        self.steps.append((*values, len(self.sizes) - 1))
        return len(self.sizes) - 1


def _bytes(shape: Shape) -> int:
    return _NUMBER * shape.channels * shape.size**2


@lru_cache(maxsize=2**16)
def _trace(label: str, maker: Any, settings: tuple[tuple[str, Any], ...], place: Place) -> Trace:
    """Return the steps of a layer, without computing them where it can do without."""
    op = Op(label, dict(settings), maker)
    for device in ("meta", "cpu"):
        with torch.random.fork_rng(devices=[]), torch.device(device):
            try:
                return trace(made(op, place), torch.zeros(1, place.in_channels, place.image_size, place.image_size))
            except (NotImplementedError, RuntimeError):
                if device == "cpu":
                    raise
    raise AssertionError
