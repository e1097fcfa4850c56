"""Foreign networks: small ones of every odd kind that people bring, to try proxies on.

They map images ``(batch, 3, 8, 8)`` to 4 classes. This module needs PyTorch; the laws import it when they are played.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

WIDTH, CLASSES = 6, 4


def _convolution(sources: int = WIDTH) -> nn.Conv2d:
    return nn.Conv2d(sources, WIDTH, 3, padding=1)


def _head() -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, CLASSES)]


def _plain(*between: nn.Module) -> nn.Sequential:
    return nn.Sequential(_convolution(3), *between, _convolution(), nn.ReLU(), *_head())


class Returning(nn.Module):
    """Returns its logits in company."""

    def __init__(self, form: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.body, self.head, self.form = _plain()[:-1], nn.Linear(WIDTH, CLASSES), form

    def forward(self, x: Tensor) -> Any:
        """Give features and logits in some form."""
        features = self.body(x)
        return self.form(features, self.head(features))


class Functional(nn.Module):
    """Calls functions where others have modules, some of them in place on what a convolution gave."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = _convolution(3), _convolution(), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Scale, add and rectify in place."""
        y = self.first(x).mul_(3)
        z = self.second(F.relu(y))
        z += y
        logits: Tensor = self.head(F.relu_(z).mean(dim=(2, 3)))
        return logits


class Repeating(nn.Module):
    """Uses one block several times, and one weight in two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block, self.tied = _convolution(3), _convolution(), _convolution()
        self.head = nn.Linear(WIDTH, CLASSES)
        self.tied.weight = self.block.weight

    def forward(self, x: Tensor) -> Tensor:
        """Go through the block twice."""
        x = self.block(F.relu(self.block(F.relu(self.stem(x)))))
        logits: Tensor = self.head(self.tied(x).mean(dim=(2, 3)))
        return logits


class Remembering(nn.Module):
    """Keeps things of its own while it runs: a count, the last features, a running mean, weights within bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.calls, self.seen = _plain(nn.BatchNorm2d(WIDTH), nn.ReLU()), 0, list[float]()
        self.last: Tensor | None = None
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        """Remember, and classify."""
        self.calls += 1
        self.last = x
        self.seen.append(float(x.detach().mean()))
        self.mean.mul_(0.9).add_(x.detach().mean(dim=(0, 2, 3)), alpha=0.1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.clamp_(-0.2, 0.2)
        logits: Tensor = self.network(x)
        return logits


class Attention(nn.Module):
    """A small transformer: patches, attention, layer normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.norm = nn.Conv2d(3, 8, 4, stride=4), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.grow, self.head = nn.Linear(8, 8), nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Attend once."""
        tokens = self.norm(self.patches(x).flatten(2).transpose(1, 2))
        tokens = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        logits: Tensor = self.head(F.gelu(self.grow(tokens)).mean(dim=1))
        return logits


class Constant(nn.Module):
    """Says the same of every image, and has no weights."""

    def forward(self, x: Tensor) -> Tensor:
        """Say nothing."""
        return torch.zeros(len(x), CLASSES)


class Scaled(nn.Module):
    """Multiplies what comes in."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.by


class Failing(nn.Module):
    """Breaks down in the middle of a forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.network = _plain(nn.BatchNorm2d(WIDTH), nn.Dropout())

    def forward(self, x: Tensor) -> Tensor:
        """Compute everything, then fail."""
        self.network(x)
        raise ArithmeticError("this network never ends")


def _frozen() -> nn.Module:
    network = _plain(nn.BatchNorm2d(WIDTH), nn.ReLU())
    network[0].requires_grad_(False)
    return network


def _half_evaluating() -> nn.Module:
    network = _plain(nn.BatchNorm2d(WIDTH), nn.ReLU(), nn.Dropout2d())
    network[1].eval()
    return network


def _hooked() -> nn.Module:
    network = _plain(nn.BatchNorm2d(WIDTH), nn.ReLU())
    first, second = (module for module in network if isinstance(module, nn.Conv2d))
    first.register_forward_hook(lambda module, inputs, output: output * 2)
    second.register_full_backward_hook(lambda module, inputs, outputs: None)
    second.weight.register_hook(lambda gradient: gradient * 0)  # type: ignore[no-untyped-call]
    return network


def _not_a_number() -> nn.Module:
    network = _plain(nn.ReLU())
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] = math.nan
    return network


FOREIGN: dict[str, Callable[[], nn.Module]] = {
    "with batch normalisation": lambda: _plain(nn.BatchNorm2d(WIDTH), nn.ReLU()),
    "without normalisation": lambda: _plain(nn.ReLU()),
    "with group normalisation": lambda: _plain(nn.GroupNorm(2, WIDTH), nn.SiLU()),
    "with dropout": lambda: _plain(nn.BatchNorm2d(WIDTH), nn.ReLU(), nn.Dropout(0.3)),
    "rectified in place": lambda: _plain(nn.ReLU(inplace=True)),
    "of functions": Functional,
    "used twice": Repeating,
    "with a memory": Remembering,
    "attention": Attention,
    "dense alone": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, CLASSES)),
    "features and logits": lambda: Returning(lambda features, logits: (features, logits)),
    "logits in a dictionary": lambda: Returning(lambda features, logits: {"logits": logits, "features": features}),
    "frozen in part": _frozen,
    "frozen": lambda: _plain(nn.BatchNorm2d(WIDTH), nn.ReLU()).requires_grad_(False),
    "evaluating": lambda: _plain(nn.BatchNorm2d(WIDTH), nn.Dropout()).eval(),
    "evaluating in part": _half_evaluating,
    "with hooks": _hooked,
    "of computed weights": lambda: nn.Sequential(
        spectral_norm(_convolution(3)), nn.ReLU(), weight_norm(_convolution()), nn.ReLU(), *_head()
    ),
    "in double precision": lambda: _plain(nn.BatchNorm2d(WIDTH), nn.ReLU()).double(),
    "channels last": lambda: _plain(nn.BatchNorm2d(WIDTH), nn.ReLU()).to(memory_format=torch.channels_last),  # type: ignore[call-overload]
    "with a dead end": lambda: _plain(Scaled(0.0), nn.BatchNorm2d(WIDTH)),
    "disconnected": lambda: nn.Sequential(_plain(nn.ReLU()), Scaled(0.0)),
    "exploding": lambda: _plain(Scaled(1e30), Scaled(1e30)),
    "not a number": _not_a_number,
    "constant": Constant,
}
"""From what is odd about a network to its maker, which draws from PyTorch's global generator."""
