"""Sampling: from architecture parameters to how much each value of a decision counts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Sampler = Callable[[Tensor, float, torch.Generator], Tensor]
"""From the parameters of a decision, ``(values,)``, a temperature and a generator on the CPU to ``(values,)``."""


def softmax(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return the softmax: DARTS."""
    return (alphas / temperature).softmax(0)


def gumbel(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return a one-hot vector, drawn by the softmax, with the gradient of a relaxed sample: GDAS.

    ``g = −log(Exp(1))``, ``q = softmax((log softmax α + g) / τ)``, ``h`` one-hot at the largest of q; what is returned
    is ``h − stop(q) + q``, which is h. It is drawn again where q is not finite, as published.
    """
    while True:
        noise = -torch.empty(alphas.shape).exponential_(generator=generator).log()
        relaxed = ((alphas.log_softmax(0) + noise.to(alphas)) / temperature).softmax(0)
        if bool(relaxed.isfinite().all()):
            break
    hard = torch.zeros_like(relaxed).index_fill_(0, relaxed.argmax(), 1.0)
    return hard - relaxed.detach() + relaxed


def dirichlet(alphas: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return a sample of the Dirichlet distribution of ``elu(α) + 1``, which has its implicit gradient: DrNAS."""
    seed = int(torch.randint(2**62, (), generator=generator))
    with torch.random.fork_rng(devices=[]):  # PyTorch's distributions draw from the global generator alone
        torch.manual_seed(seed)
        drawn: Tensor = torch.distributions.Dirichlet(functional.elu(alphas.cpu()) + 1).rsample()
    return drawn.to(alphas.device)


SAMPLERS: dict[str, Sampler] = {"softmax": softmax, "gumbel": gumbel, "dirichlet": dirichlet}


def logsumexp(alphas: Tensor) -> Tensor:
    """Return log Σ exp α of the parameters of a decision: β-DARTS."""
    return alphas.logsumexp(0)


PENALTIES: dict[str, Callable[[Tensor], Tensor]] = {"logsumexp": logsumexp}
"""From the parameters of a decision to a number, whose mean over decisions is added to the loss."""
