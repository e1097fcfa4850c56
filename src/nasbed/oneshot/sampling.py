"""Sampling: from architecture parameters, or from chance alone, to how much each value of a decision counts.

A sampler is asked before each pass of the supernet, and gives one list of coefficients or several. Several are passes
over one batch, one after the other, whose gradients are added up for one update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional

from nasbed.core.errors import NasbedError
from nasbed.core.records import Archs
from nasbed.nets.supernet import Supernet
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.extremes import extremes
from nasbed.oneshot.wiring import idle, joins

_TRIES = 10_000  # draws of a row until it is allowed


@dataclass(frozen=True, eq=False)
class Asked:
    """What a sampler is asked with.

    Attributes:
        net: The supernet.
        alphas: The architecture parameters; without values where the method has none.
        temperature: As the method's schedule says.
        strength: Likewise.
        generator: On the CPU.
    """

    net: Supernet
    alphas: Alphas
    temperature: float
    strength: float
    generator: torch.Generator

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each decision has."""
        return self.alphas.sizes

    def path(self, values: ArrayLike) -> list[Tensor]:
        """Return the coefficients of one architecture, given the value of each decision."""
        return list(self.net.one_hot(np.asarray(values, np.int8)))

    def order(self, count: int) -> list[int]:
        """Draw an order of 0 … count − 1."""
        drawn: list[int] = torch.randperm(count, generator=self.generator).tolist()
        return drawn

    def row(self) -> Archs:
        """Draw a row of the space: the values of each decision alike, again until constraints hold.

        Raises:
            NasbedError: When 10,000 draws keep none.
        """
        highs = torch.tensor(self.sizes)
        for _ in range(_TRIES):
            row = (torch.rand(len(highs), generator=self.generator, dtype=torch.float64) * highs).to(torch.int8).numpy()
            if self.net.space.valid(row[None])[0]:
                return np.asarray(row, np.int8)
        raise NasbedError(f"{_TRIES:,} rows of {self.net.space.name} were drawn, and none kept its constraints")

    @cached_property
    def _joined(self) -> list[tuple[tuple[int, ...], tuple[frozenset[int], ...]]]:
        """The decisions on the edges into each node, and which of their values are nothing."""
        decided = self.net.written.decided
        nothing = idle(decided, "nothing")
        return [
            (slots, tuple(nothing[slot] for slot in slots)) for slots in joins(self.net.written.expression, decided)
        ]

    def is_dead(self, row: Archs) -> bool:
        """Say whether nothing reaches some node of an architecture."""
        return any(
            all(int(row[slot]) in some for slot, some in zip(slots, nothing, strict=True))
            for slots, nothing in self._joined
        )


Sampler = Callable[[Asked], Iterable[list[Tensor]]]
"""Gives the coefficients of each pass."""


# ── of parameters ─────────────────────────────────────────────────────────────────────────────────────────────────


def softmax(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return the softmax: DARTS."""
    return (alphas / temperature).softmax(0)


def gumbel(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return a one-hot vector, drawn by the softmax, with the gradient of a relaxed sample: GDAS.

    ``g = −log(Exp(1))``, ``q = softmax((log softmax α + g) / τ)``, ``h`` one-hot at the largest of q; what is returned
    is ``h − stop(q) + q``, which is h. It is drawn again where q is not finite, as published.
    """
    while not bool((soft := relaxed(alphas, temperature, generator)).isfinite().all()):
        pass
    hard = torch.zeros_like(soft).index_fill_(0, soft.argmax(), 1.0)
    return hard - soft.detach() + soft


def relaxed(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return the relaxed sample itself: SNAS."""
    noise = -torch.empty(alphas.shape).exponential_(generator=generator).log()
    return ((alphas.log_softmax(0) + noise.to(alphas)) / temperature).softmax(0)


def dirichlet(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return a sample of the Dirichlet distribution of ``elu(α) + 1``, which has its implicit gradient: DrNAS."""
    seed = int(torch.randint(2**62, (), generator=generator))
    with torch.random.fork_rng(devices=[]):  # PyTorch's distributions draw from the global generator alone
        torch.manual_seed(seed)
        drawn: Tensor = torch.distributions.Dirichlet(functional.elu(alphas.cpu()) + 1).rsample()
    return drawn.to(alphas.device)


def _each(sampler: Callable[[Tensor, float, torch.Generator], Tensor]) -> Sampler:
    """Return the sampler that treats each decision by itself."""

    def sample(asked: Asked) -> Iterator[list[Tensor]]:
        yield asked.alphas.sampled(lambda value: sampler(value, asked.temperature, asked.generator))

    return sample


def helped(asked: Asked) -> Iterator[list[Tensor]]:
    """Give the softmax, and each option that passes on what it reads once more, as strong as asked: DARTS−."""
    skips = idle(asked.net.written.decided, "unchanged")
    found = list[Tensor]()
    for slot, one in enumerate(asked.alphas.sampled(lambda value: value.softmax(0))):
        there = torch.tensor(sorted(skips[slot]), dtype=torch.int64, device=one.device)
        found.append(one + asked.strength * torch.zeros_like(one).index_fill_(0, there, 1.0))
    yield found


def perturbed(asked: Asked) -> Iterator[list[Tensor]]:
    """Give the softmax with even noise between −ε and ε, from 0 to 1 and scaled to sum up to 1: SDARTS-RS."""

    def sample(value: Tensor) -> Tensor:
        noise = (2 * torch.rand(value.shape, generator=asked.generator) - 1).to(value)
        moved = (value.softmax(0) + asked.strength * noise).clamp(0.0, 1.0)
        return moved / moved.sum()

    yield asked.alphas.sampled(sample)


# ── of chance alone ───────────────────────────────────────────────────────────────────────────────────────────────


def uniform(asked: Asked) -> Iterator[list[Tensor]]:
    """Give one architecture, the values of each decision alike: SPOS."""
    yield asked.path(asked.row())


def living(asked: Asked) -> Iterator[list[Tensor]]:
    """Give one architecture likewise, drawn again while nothing reaches one of its nodes: RSPS."""
    row = asked.row()
    for _ in range(_TRIES):
        if not asked.is_dead(row):
            break
        row = asked.row()
    yield asked.path(row)


def fair(asked: Asked) -> Iterator[list[Tensor]]:
    """Give as many architectures as the most values that a decision has, together each value once: FairNAS.

    A decision with fewer values begins again.
    """
    orders = [asked.order(size) for size in asked.sizes]
    for i in range(max(asked.sizes)):
        yield asked.path([order[i % len(order)] for order in orders])


def sandwich(asked: Asked) -> Iterator[list[Tensor]]:
    """Give the largest architecture, the smallest and two between: the sandwich rule of US-Nets.

    Reference: Yu and Huang, ICCV 2019, https://arxiv.org/abs/1903.05134
    """
    smallest, largest = extremes(asked.net.blueprint)
    for row in (largest, smallest, asked.row(), asked.row()):
        yield asked.path(row)


SAMPLERS: dict[str, Sampler] = {
    "softmax": _each(softmax),
    "gumbel": _each(gumbel),
    "relaxed": _each(relaxed),
    "dirichlet": _each(dirichlet),
    "simplex": _each(lambda alphas, temperature, generator: alphas),
    "sigmoid": _each(lambda alphas, temperature, generator: alphas.sigmoid()),
    "helped": helped,
    "perturbed": perturbed,
    "uniform": uniform,
    "living": living,
    "fair": fair,
    "sandwich": sandwich,
}


# ── penalties ─────────────────────────────────────────────────────────────────────────────────────────────────────


def logsumexp(alphas: Tensor) -> Tensor:
    """Return log Σ exp α of the parameters of a decision: β-DARTS."""
    return alphas.logsumexp(0)


def divergence(alphas: Sequence[Tensor]) -> Tensor:
    """Return the divergence of each Dirichlet distribution of ``elu(α) + 1`` from the even one, added up: DrNAS."""
    of, kl = torch.distributions.Dirichlet, torch.distributions.kl_divergence
    return torch.stack([kl(of(functional.elu(one) + 1), of(torch.ones_like(one))) for one in alphas]).sum()


def certainty(alphas: Sequence[Tensor]) -> Tensor:
    """Return minus the mean of ``|sigmoid(α) − ½|``: FairDARTS."""
    return -(torch.cat(list(alphas)).sigmoid() - 0.5).abs().mean()


PENALTIES: dict[str, Callable[[Sequence[Tensor]], Tensor]] = {
    "logsumexp": lambda alphas: torch.stack([logsumexp(one) for one in alphas]).mean(),
    "divergence": divergence,
    "certainty": certainty,
}
"""From the parameters of all decisions to a number, which is added to the loss."""
