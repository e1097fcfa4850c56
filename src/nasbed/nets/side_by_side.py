"""Side by side: several networks as one module, made of the layers of those networks.

Small networks are bound by the number of calls, not by arithmetic, and one pass over K networks makes as many calls as
a pass over one (``benchmarks/training.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.conversion import NoStack, stacked
from nasbed.nets.folded import Mixed
from nasbed.nets.stacked import Siblings, Stacked, apart, writes_elsewhere

_TOLERANCE = 1e-3
"""Of the largest output: by so much stacked networks may round differently."""

_IMAGES = 2  # on which they are tried
_NETWORKS = 4  # that show how those of a blueprint are stacked


class SideBySide(nn.Module):
    """Several networks that share nothing but the pass.

    Attributes:
        networks: How many there are.
        way: ``alone``; ``stacked``, followed by what is mapped because it has no stacked form; or ``one after
            another``, followed by why.
    """

    def __init__(self, inner: nn.Module, networks: int, way: str, memory: torch.memory_format) -> None:
        super().__init__()
        self.inner, self.networks, self.way, self.memory = inner, networks, way, memory

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(batch, networks·channels, height, width)`` to outputs ``(networks, batch, …)``."""
        outputs: Tensor = self.inner(images.contiguous(memory_format=self.memory))
        return outputs if isinstance(self.inner, _OneAfterAnother) else apart(outputs, self.networks)

    def state(self, network: int) -> dict[str, Tensor]:
        """Return the parameters and buffers of one network by the names that they have in it."""
        return {
            name: tensors[members.index(network)] for name, members, tensors in self._tensors() if network in members
        }

    def owners(self, parameters: Sequence[nn.Parameter]) -> list[tuple[int, ...]]:
        """Return, for each of some parameters, the networks that it is of, which are its slowest axis."""
        found = dict[int, tuple[int, ...]]()
        if isinstance(self.inner, _OneAfterAnother):
            found |= {id(one): (k,) for k, network in enumerate(self.inner.networks) for one in network.parameters()}
        for _, layer in _layers(self.inner, ""):
            found |= {id(one): layer.members for one in layer.parameters(recurse=False)}
        return [found[id(one)] for one in parameters]

    def finite(self) -> Tensor:
        """Return, for each network, whether all of its weights are finite, ``(networks,)``."""
        found = torch.ones(self.networks, dtype=torch.bool, device=next(self.parameters()).device)
        for _, members, tensors in self._tensors():
            found[list(members)] &= tensors.isfinite().reshape(len(members), -1).all(dim=1)
        return found

    def _tensors(self) -> Iterator[tuple[str, tuple[int, ...], Tensor]]:
        """Go through the tensors of layers: their names, whose they are, and they, ``(networks, …)``."""
        if isinstance(self.inner, _OneAfterAnother):
            for k, network in enumerate(self.inner.networks):
                yield from ((name, (k,), tensor[None]) for name, tensor in network.state_dict().items())
        for path, layer in _layers(self.inner, ""):
            yield from ((f"{path}.{name}", layer.members, tensors) for name, tensors in layer.tensors())


def side_by_side(
    networks: Sequence[nn.Module], shape: tuple[int, int, int], seeds: Sequence[int] | None = None
) -> SideBySide:
    """Make one module of several networks: stacked where that computes the same, else one after another.

    Args:
        networks: Each maps images ``(batch, *shape)`` to outputs ``(batch, …)``; their weights are copied if stacked.
        shape: Channels, height and width of an image.
        seeds: One a network, of what it draws in training, such as dropout's; their places if not given.
    """
    for network in networks:
        network.eval()
    example = torch.randn(_IMAGES, *shape, generator=torch.Generator().manual_seed(0))
    alone = len(networks) == 1
    try:
        inner, mapped = stacked(networks, example)
        way = "alone" if alone else "; ".join(["stacked", *(f"{name} mapped" for name in mapped)])
        whole = SideBySide(inner, len(networks), way, torch.channels_last)
        if not alone or (not mapped and _size(whole) == _size(networks[0])):
            _check(whole.eval(), networks, example)
            return whole.train()
    except NoStack as error:
        way = "alone" if alone else f"one after another: {error}"
    each = _OneAfterAnother(networks, range(len(networks)) if seeds is None else seeds, example)
    return SideBySide(each, len(networks), way, _memory(networks, example)).train()


def _size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def way_of(blueprint: Blueprint, rows: Archs) -> str:
    """Say how networks of a blueprint are trained side by side: those of the largest group among some rows.

    Args:
        blueprint: How architectures become networks.
        rows: Some architectures, ``(n, decisions)``.

    Returns:
        ``SideBySide.way``.
    """
    groups = blueprint.group(rows)
    largest = max(groups, key=groups.count)
    some = [row for row, group in zip(rows, groups, strict=True) if group == largest][:_NETWORKS]
    networks = [blueprint.network(row) for row in (some if len(some) > 1 else some * 2)]
    shape = blueprint.image_channels, blueprint.image_size, blueprint.image_size
    return side_by_side(networks, shape).way


@torch.no_grad()
def _memory(networks: Sequence[nn.Module], example: Tensor) -> torch.memory_format:
    """Choose channels last, which is faster, unless the networks cannot read that or PyTorch cannot compute it."""
    layers = (layer for network in networks for layer in network.modules())
    if any(isinstance(layer, nn.Conv2d) and writes_elsewhere(layer) for layer in layers):
        return torch.contiguous_format
    try:
        networks[0](example.contiguous(memory_format=torch.channels_last))
    except RuntimeError:  # a view
        return torch.contiguous_format
    return torch.channels_last


@torch.no_grad()
def _check(whole: SideBySide, networks: Sequence[nn.Module], example: Tensor) -> None:
    """See that stacked networks compute what each of them computes alone.

    Raises:
        NoStack: When they do not, or cannot be computed.
    """
    alone, images = torch.stack([network(example) for network in networks]), example.repeat(1, len(networks), 1, 1)
    try:
        together = whole(images)
    except Exception as error:  # what a layer that was never made for torch.vmap ends in is anything
        raise NoStack(f"a layer cannot be mapped ({error!s:.200})") from None
    near = _TOLERANCE * float(alone.abs().max())
    if together.shape != alone.shape or not torch.allclose(together, alone, 0.0, near, equal_nan=True):
        raise NoStack("how they compute cannot be told from their layers")
    kept = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    try:
        drawn = _draws(whole, images)
    except RuntimeError as error:
        drawn = "random" in str(error)  # torch.vmap maps nothing that draws
        if not drawn:
            raise NoStack(f"a layer cannot be mapped in training ({error!s:.200})") from None
    if drawn:
        raise NoStack("a layer draws random numbers")
    whole.load_state_dict(kept)


class _OneAfterAnother(nn.Module):
    """Networks of any kind, each on its own channels.

    Those that draw random numbers in training, such as dropout's, have a state of PyTorch's generator each.
    """

    def __init__(self, networks: Sequence[nn.Module], seeds: Sequence[int], example: Tensor) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.draws = any(_draws(deepcopy(network), example) for network in networks)
        states = [torch.Generator().manual_seed(seed).get_state() for seed in seeds] if self.draws else []
        self.states: Tensor
        self.register_buffer("states", torch.stack(states) if states else torch.empty(0), persistent=self.draws)

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(batch, networks·channels, height, width)`` to ``(networks, batch, …)``."""
        parts = images.chunk(len(self.networks), dim=1)
        if not (self.draws and self.training):
            return torch.stack([network(part) for network, part in zip(self.networks, parts, strict=True)])
        outputs = []
        devices = [images.device] if images.is_cuda else []
        with torch.random.fork_rng(devices=devices):
            for k, (network, part) in enumerate(zip(self.networks, parts, strict=True)):
                torch.set_rng_state(self.states[k].cpu().clone())  # of a view it reads the whole
                if not images.is_cpu:  # the device's own generator begins with a number of this one
                    torch.manual_seed(int(torch.randint(2**62, ())))
                outputs.append(network(part))
                self.states[k] = torch.get_rng_state()
        return torch.stack(outputs)


@torch.no_grad()
def _draws(network: nn.Module, example: Tensor) -> bool:
    """Tell whether a network, or several as one, draws random numbers in training; its running averages move."""
    with torch.random.fork_rng(devices=[]):
        before = torch.get_rng_state()
        network.train()(example)
        return not torch.equal(before, torch.get_rng_state())


def _layers(module: nn.Module, path: str) -> Iterator[tuple[str, Stacked]]:
    """Go through stacked layers by the names of the layers that they were made of."""
    if isinstance(module, Stacked):
        yield path, module
    elif isinstance(module, Siblings):
        yield from zip(module.paths, (layer for layer in module.layers if isinstance(layer, Stacked)), strict=True)
    elif isinstance(module, Mixed):
        for operation in module.operations:
            yield from _layers(operation, path)
    else:
        for name, child in module.named_children():
            yield from _layers(child, f"{path}.{name}" if path else name)
