"""Passes: what one forward pass, and what goes back through it, tell about a network.

Most gradient proxies read the same few things. Here each is computed when the first asks for it; with a probe that
shares, the next finds it there. A score is the same to the last bit whether it is asked for alone or with others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.conv import _ConvNd

from nasbed.core.errors import BadSetting
from nasbed.proxies.borrowing import tracing

if TYPE_CHECKING:
    from nasbed.proxies.probe import Probe


class Saliency(NamedTuple):
    """What the loss makes of one call of a layer.

    Attributes:
        weight: The layer's weight.
        channels: The layer's output times the loss's gradient there, summed over pixels, ``(batch, channels)``.
    """

    weight: Tensor
    channels: Tensor


@dataclass(eq=False)
class Passes:
    """The passes of one probe in one mode. Layers are convolutions and linear layers, as in the published code.

    Attributes:
        probe: What is scored.
        train: Whether the network is in training mode.
        copying: Whether layers hand on copies of what they computed, which costs time, and memory for all of them.
    """

    probe: Probe
    train: bool = True
    copying: bool = False

    @property
    def weights(self) -> list[Tensor]:
        """The layers' weights in the order of ``network.modules()``, each once; gradients can be asked of them."""
        return self._forward.weights

    @property
    def logits(self) -> Tensor:
        """What the network says, ``(batch, classes)``; it can be gone back from, several times."""
        return self._forward.logits

    @cached_property
    def loss(self) -> Tensor:
        """The batch's loss, a scalar; it can be gone back from, several times.

        Raises:
            BadSetting: When the probe has no labels.
        """
        return self.loss_at(1)

    def loss_at(self, temperature: float) -> Tensor:
        """Give the batch's loss with logits that are divided by a temperature.

        Raises:
            BadSetting: When the probe has no labels.
        """
        targets = self.probe.targets()
        with tracing():
            logits = self.logits if temperature == 1 else self.logits / temperature
            return self.probe.loss(logits, targets)

    @cached_property
    def weight_gradients(self) -> list[Tensor]:
        """The loss's gradient at each weight; zeros where nothing comes through."""
        loss, notes = self.loss, self._forward.notes
        notes.listening = True
        try:
            return gradients(loss, self.weights)
        finally:
            notes.listening = False

    @cached_property
    def products(self) -> list[Tensor]:
        """Each weight times the loss's gradient there."""
        return [
            weight.detach() * gradient for weight, gradient in zip(self.weights, self.weight_gradients, strict=True)
        ]

    @cached_property
    def saliencies(self) -> list[Saliency]:
        """What the loss makes of the layers' outputs, of each call that it depends on, the last call first."""
        _ = self.weight_gradients  # on whose way they are noted
        notes = self._forward.notes
        if notes.overwritten:  # the network works in place on what layers gave: once more, on copies
            return Passes(self.probe, self.train, copying=True).saliencies
        return [Saliency(self._forward.weight_of[layer].detach(), channels) for layer, channels in notes.heard]

    @cached_property
    def image_gradients(self) -> Tensor:
        """The gradient, at every pixel of the batch, of the sum of all logits, ``(batch, channels, height, width)``."""
        with tracing():
            answers = self.logits.sum()
        return gradients(answers, [self._forward.images])[0]

    @cached_property
    def _forward(self) -> _Forward:
        return _forward(self.probe, self.train, self.copying)


def gradients(value: Tensor, at: list[Tensor], *, further: bool = False) -> list[Tensor]:
    """Give a scalar's gradient at each of some tensors, zeros where it does not depend on them, and keep the graph.

    Args:
        value: The scalar.
        at: The tensors.
        further: Whether gradients of the gradients will be asked for.
    """
    if not at or not value.requires_grad:
        return [torch.zeros_like(x) for x in at]
    found = torch.autograd.grad(value, at, retain_graph=True, create_graph=further, allow_unused=True)
    return [torch.zeros_like(x) if gradient is None else gradient for x, gradient in zip(at, found, strict=True)]


def total(parts: Iterable[Tensor]) -> float:
    """Add up all numbers of some tensors, in double precision."""
    sums = [part.sum(dtype=torch.float64) for part in parts]
    return float(torch.stack(sums).sum()) if sums else 0.0


def norm(parts: Sequence[Tensor], of: str) -> float:
    """Give the sum of some tensors' Euclidean norms, or the norm of all of them together.

    Args:
        parts: The tensors, one a layer.
        of: What the norm is of: each of the ``layers``, or the ``network``.

    Raises:
        BadSetting: When it is neither.
    """
    if of not in ("layers", "network"):
        raise BadSetting(f"a norm is of 'layers' or of the 'network', not of {of!r}")
    norms = [torch.linalg.vector_norm(part, dtype=torch.float64) for part in parts]
    return total(norms) if of == "layers" else total(x.square() for x in norms) ** 0.5


def layers(network: nn.Module) -> list[nn.Module]:
    """Find the convolutions and linear layers, in order, each once."""
    return [module for module in network.modules() if isinstance(module, _ConvNd | nn.Linear)]


def layer_weights(network: nn.Module) -> list[Tensor]:
    """Find the weights of convolutions and linear layers, in order, each once."""
    return _each_once(cast(Tensor, layer.weight) for layer in layers(network))


def _each_once(tensors: Iterable[Tensor]) -> list[Tensor]:
    return list({id(tensor): tensor for tensor in tensors}.values())


class _Forward(NamedTuple):
    images: Tensor
    logits: Tensor
    weights: list[Tensor]
    weight_of: dict[nn.Module, Tensor]
    notes: _Notes


def _forward(probe: Probe, train: bool, copying: bool) -> _Forward:
    """Run the network forward, and keep what gradients are asked of."""
    notes = _Notes(copying)
    with probe.borrowed(train=train) as network:
        images = probe.batch().clone().requires_grad_()
        found = layers(network)
        for layer in found:
            layer.register_forward_hook(notes.take)
        with sdpa_kernel(SDPBackend.MATH):  # attention by the way that can be gone back through twice
            logits = probe.logits(network(images))
        weight_of = {layer: cast(Tensor, layer.weight) for layer in found}
    return _Forward(images, logits, _each_once(weight_of.values()), weight_of, notes)


@dataclass(eq=False)
class _Notes:
    """What is heard at layers' outputs while a loss goes back.

    Nothing here refers to the graph: its nodes refer to this, and such a circle would never be freed.
    """

    copying: bool
    listening: bool = False
    overwritten: bool = False
    heard: list[tuple[nn.Module, Tensor]] = field(default_factory=list)

    def take(self, layer: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        """Be there when the gradient comes to a layer's output: a forward hook."""
        if output.requires_grad:
            output.register_hook(self._listener(layer, output.detach()))  # type: ignore[no-untyped-call]
        return output.clone() if self.copying else output

    def _listener(self, layer: nn.Module, output: Tensor) -> Callable[[Tensor], None]:
        version = output._version
        channel = -1 if isinstance(layer, nn.Linear) else 1

        def listen(gradient: Tensor) -> None:
            if self.listening:
                self.overwritten |= output._version != version
                values, slopes = _by_channel(output, channel), _by_channel(gradient.detach(), channel)
                self.heard.append((layer, torch.linalg.vecdot(values, slopes)))

        return listen


def _by_channel(x: Tensor, channel: int) -> Tensor:
    """View a layer's output as ``(batch, channels, pixels)``."""
    x = x.movedim(channel, 1)
    return x.reshape(*x.shape[:2], -1)
