"""Zen-score: how much a random network's features change when noise is added to its input.

References: Lin et al., "Zen-NAS: a zero-shot NAS for high-performance image recognition", ICCV 2021,
https://arxiv.org/abs/2102.01063, and NAS-Bench-Suite-Zero, whose ``naslib/predictors/utils/pruners/measures/zen.py``
is followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from nasbed.core.bounds import Count, Positive
from nasbed.core.proxy import Proxy
from nasbed.proxies.probe import Probe


@dataclass(frozen=True)
class Zen(Proxy):
    """log E‖f(x) − f(x + 0.01 ε)‖₁ + Σ log √(mean running variance) over batch normalisations.

    x and ε are standard normal, f is what enters the network's last ``nn.AdaptiveAvgPool2d``, or the logits where there
    is none. The batch gives nothing but its shape, and no labels; no gradients; training mode (statistics of the
    batch); higher is better. Weights of convolutions and linear layers are drawn anew, standard normal, biases are 0,
    normalisation starts as new: whatever the network's own initialisation. As in the published code, running variances
    are those after two passes, mostly the 1 that they start at; a layer that keeps none adds nothing.

    Attributes:
        gamma: How much noise is added.
        repeats: How many draws of weights and input the score is the mean of; 1 in the published runs of
            NAS-Bench-Suite-Zero, 32 in the paper.
    """

    gamma: Positive = 0.01
    repeats: Count = 1

    name: ClassVar[str] = "zen"
    data: ClassVar[bool] = False
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    def measure(self, probe: Probe) -> float:
        """Go forward twice a draw."""
        generator, images = probe.generator(), probe.batch()
        with probe.borrowed() as network, torch.no_grad():
            return float(np.mean([self._once(network, images, probe, generator) for _ in range(self.repeats)]))

    def _once(self, network: nn.Module, images: Tensor, probe: Probe, generator: torch.Generator) -> float:
        _draw(network, generator)
        noise = [torch.randn(images.shape, generator=generator).to(images) for _ in range(2)]
        before = _features(network, noise[0], probe)
        change = before - _features(network, noise[0] + self.gamma * noise[1], probe)
        distance = float(change.abs().flatten(1).sum(1).mean())
        return (math.log(distance) if distance > 0 else -math.inf) + _log_scales(network)


def _draw(network: nn.Module, generator: torch.Generator) -> None:
    """Start the network anew, on the CPU's generator wherever it is, so that devices agree."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(torch.randn(module.weight.shape, generator=generator))
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()  # running statistics, too
        elif isinstance(module, nn.GroupNorm):
            module.reset_parameters()


def _features(network: nn.Module, images: Tensor, probe: Probe) -> Tensor:
    """Give what enters the last global pooling, ``(batch, channels, height, width)``, or else the logits."""
    entered: list[Tensor] = []

    def heard(pooling: nn.Module, given: tuple[Any, ...]) -> None:
        entered.extend(given[:1])

    handles = [
        module.register_forward_pre_hook(heard)
        for module in network.modules()
        if isinstance(module, nn.AdaptiveAvgPool2d)
    ]
    output = network(images)
    for handle in handles:
        handle.remove()
    return entered[-1] if entered else probe.logits(output)


def _log_scales(network: nn.Module) -> float:
    variances = [
        float(module.running_var.mean())
        for module in network.modules()
        if isinstance(module, nn.BatchNorm2d) and module.running_var is not None
    ]
    return sum(0.5 * math.log(variance) if variance > 0 else -math.inf for variance in variances)
