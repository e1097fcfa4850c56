"""Probe: what is scored, an untrained network with a batch of images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from reprlib import repr as short
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasbed.core.errors import BadSetting, in_a_line
from nasbed.core.printing import Printed
from nasbed.core.proxy import Proxy
from nasbed.core.registry import proxies as registered
from nasbed.proxies.borrowing import borrowed
from nasbed.proxies.passes import Passes


def last_tensor(output: Any) -> Tensor:
    """Find the logits in what a network returns.

    They are the tensor itself, what is called ``logits``, or the last tensor of a tuple or list, since the networks of
    NAS-Bench-201 return ``(features, logits)``.

    Raises:
        BadSetting: When there is no tensor.
    """
    if isinstance(output, Tensor):
        return output
    named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if isinstance(named, Tensor):
        return named
    tensors = [item for item in output if isinstance(item, Tensor)] if isinstance(output, tuple | list) else []
    if not tensors:
        raise BadSetting(
            f"the network returned a {type(output).__name__}, in which no logits are found; "
            "say where they are: Probe(…, logits=lambda output: …)"
        )
    return tensors[-1]


@dataclass(frozen=True, eq=False)
class Probe(Printed):
    """A network, and a batch of images to try it on.

    The network may be any ``nn.Module``, on any device. It is scored as it is initialised; nothing of it is changed by
    a proxy: weights, gradients, mode, buffers, hooks and the global random generators are afterwards as before, after
    an error, too.

    Attributes:
        network: What is scored.
        images: Normalised, ``(batch, channels, height, width)``; an array is made a tensor.
        labels: Their classes, ``(batch,)``, likewise; None where no proxy asks for them.
        seed: What is drawn, dropout or a proxy's noise, follows from it.
        loss: From logits ``(batch, classes)`` and labels to a scalar.
        logits: Finds the logits in what the network returns.
    """

    network: nn.Module
    images: Tensor
    labels: Tensor | None = None
    seed: int = 0
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy
    logits: Callable[[Any], Tensor] = last_tensor
    _kept: dict[bool, Passes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.network, nn.Module):
            raise BadSetting(
                "a network is a torch.nn.Module, such as nasbed.network(space, row) makes of an architecture, not "
                f"{self.network!r}"
            )
        object.__setattr__(self, "images", _tensor(self.images, "images", "(batch, channels, height, width)"))
        if self.labels is not None:
            object.__setattr__(self, "labels", _tensor(self.labels, "labels", "(batch,)"))
        if self.labels is not None and len(self.labels) != len(self.images):
            raise BadSetting(f"{len(self.images)} images have {len(self.labels)} labels; give one label an image")
        if not len(self.images):
            raise BadSetting("a batch without images cannot be scored; give one image at least")

    def passes(self, *, train: bool = True) -> Passes:
        """Give what passes through the network tell, computed when it is asked for.

        Args:
            train: Whether the network is in training mode: batch statistics, dropout.
        """
        if self._kept is None:
            return Passes(self, train)
        return self._kept.setdefault(train, Passes(self, train))

    def sharing(self) -> Self:
        """Give the same probe with passes that are made once for all who ask, while the network stays as it is."""
        return replace(self, _kept={})

    def borrowed(
        self, *, train: bool = True, normalise: bool = True, dtype: torch.dtype | None = None
    ) -> AbstractContextManager[nn.Module]:
        """Lend the network for a pass of another kind: ``nasbed.proxies.borrowing.borrowed`` with the probe's seed."""
        return borrowed(self.network, train=train, normalise=normalise, dtype=dtype, seed=self.seed)

    def generator(self) -> torch.Generator:
        """Make a CPU generator for a proxy's own noise, always at the same start."""
        return torch.Generator().manual_seed(self.seed)

    def batch(self, dtype: torch.dtype | None = None) -> Tensor:
        """Give the images where the network is, in its precision or another."""
        own = next((p for p in self.network.parameters() if p.is_floating_point()), self.images)
        return self.images.detach().to(own.device, own.dtype if dtype is None else dtype)

    def targets(self) -> Tensor:
        """Give the labels where the network is; classes as int64, which losses demand.

        Raises:
            BadSetting: When there are none.
        """
        if self.labels is None:
            raise BadSetting("this proxy needs labels; give the images' classes: Probe(network, images, labels)")
        labels = self.labels if self.labels.is_floating_point() else self.labels.long()
        return labels.to(self.batch().device)


def score(probe: Probe, proxies: str | Proxy | Iterable[str | Proxy]) -> dict[str, float]:
    """Score a network by several proxies, making the passes that more than one of them reads once.

    Each score is the same, to the last bit, as when the proxy is called alone.

    Args:
        probe: The network with its batch; left as found.
        proxies: Registered names, with settings if need be, or proxies; one, or several.

    Returns:
        The scores in the order that was asked for, by the texts that were given; that of a proxy itself by its
        ``label``: ``snip``, or ``naswot:variant=notebook``.

    Raises:
        UnknownName: When a name is not registered.
        BadSetting: When a proxy is asked for twice, or needs labels that the probe lacks.
    """
    if not isinstance(proxies, str | Proxy | Iterable):
        raise BadSetting(f"proxies are names, such as ['naswot', 'snip'], or proxies, not {in_a_line(proxies)}")
    shared, scores, labels = probe.sharing(), dict[str, float](), set[str]()
    for proxy in [proxies] if isinstance(proxies, str | Proxy) else proxies:
        made = proxy if isinstance(proxy, Proxy) else registered.read(proxy)
        if made.label in labels:
            raise BadSetting(f"{made.label} is asked for twice; ask for each proxy once")
        labels.add(made.label)
        scores[proxy if isinstance(proxy, str) else made.label] = made(shared)
    return scores


def _tensor(given: Any, name: str, shape: str) -> Tensor:
    """Return what is given as a tensor; raise BadSetting where it is none, nor an array."""
    try:
        found = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        found = torch.zeros(())
    if not found.ndim:
        raise BadSetting(f"{name} are a tensor or an array, {shape}, not {short(given)}")
    return found
