"""Growing: a supernet whose options read more of the channels, with weights that begin as copies of the narrower ones.

Weights become wider by channels that are drawn at random and stand again behind all others, in the same order in all
layers of an option; so do the momenta of their descent. As in DrNAS's published code nothing is divided by how often a
channel stands: normalisations follow.

Reference: Chen et al., ICLR 2016, https://arxiv.org/abs/1511.05641; Chen et al., ICLR 2021,
https://arxiv.org/abs/2006.10355, and ``wider`` in https://github.com/xiangning-chen/DrNAS
"""

from __future__ import annotations

import torch
from torch import Tensor

from nasbed.nets.supernet import Supernet


class Widening:
    """Copies tensors of a narrower supernet to where a wider one has them.

    Args:
        generator: Of the channels that stand again, on the CPU.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator
        self._channels: dict[tuple[str, int, int], Tensor] = {}

    def __call__(self, name: str, narrow: Tensor, shape: torch.Size) -> Tensor:
        """Return a tensor of a shape: the narrower one, with some of its channels again.

        Args:
            name: What the supernet calls it.
            narrow: It.
            shape: The wider one's.
        """
        for axis, (before, after) in enumerate(zip(narrow.shape, shape, strict=True)):
            if before != after:
                narrow = narrow.index_select(axis, self._chosen(_place(name), before, after).to(narrow.device))
        return narrow

    def _chosen(self, place: str, before: int, after: int) -> Tensor:
        key = place, before, after
        if key not in self._channels:
            again = torch.randint(before, (after - before,), generator=self._generator)
            self._channels[key] = torch.cat([torch.arange(before), again])
        return self._channels[key]


def shared(net: Supernet, share: int) -> Supernet:
    """Return a supernet like another whose options read one channel in so many, with weights of its own."""
    like = next(net.parameters())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # nothing of what is drawn stays
        return Supernet(net.blueprint, **{**net.settings(), "share": share}).to(like)


def grown(
    net: Supernet, share: int, descent: torch.optim.Optimizer, generator: torch.Generator
) -> tuple[Supernet, dict[int, Tensor]]:
    """Return a wider supernet, and the momenta of its weights by their number.

    Args:
        net: The narrower one.
        share: Options of the wider one read one channel in so many.
        descent: What lets the weights of the narrower one descend.
        generator: On the CPU.
    """
    made, widening = shared(net, share), Widening(generator)
    there = dict(made.state_dict())
    made.load_state_dict({name: widening(name, value, there[name].shape) for name, value in net.state_dict().items()})
    momenta = dict[int, Tensor]()
    for i, ((name, narrow), wide) in enumerate(zip(net.named_parameters(), made.parameters(), strict=True)):
        momentum = descent.state[narrow].get("momentum_buffer")
        if momentum is not None:
            momenta[i] = widening(name, momentum, wide.shape)
    return made, momenta


def _place(name: str) -> str:
    """Return the place that a weight of a supernet is of."""
    return ".".join(name.split(".")[:3]).partition(":")[0]
