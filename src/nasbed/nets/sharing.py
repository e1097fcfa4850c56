"""Sharing: one set of weights for all that may stand at a place, and the layers that read their part of it.

A weight is as large as the largest layer that may stand there needs it. A smaller layer reads its first channels and
the centre of its kernel, as in once-for-all networks (Cai et al., ICLR 2020, https://arxiv.org/abs/1908.09791).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from nasbed.core.errors import BadSetting
from nasbed.nets.making import Place, made
from nasbed.nets.plan import Planned, PlannedCell, PlannedLayer, PlannedMix
from nasbed.spaces.parts import Op

Look = tuple[object, tuple[tuple[str, object], ...], Place]
"""What is the same for layers that are alike."""


class Stand(NamedTuple):
    """A layer that may stand at a place.

    Attributes:
        place: What the place is called; layers of one place share their weights.
        layer: The layer.
        is_chosen: Whether it is one of several, or stands in a cell of which something is decided: then its
            coefficient scales what it gives, and a scale of its normalisation's would only hide that.
    """

    place: str
    layer: PlannedLayer
    is_chosen: bool


def stands(planned: Planned, place: str = "", is_chosen: bool = False) -> Iterator[Stand]:
    """Give the layers of a plan, each with its place, in the order in which they compute."""
    if isinstance(planned, PlannedLayer):
        yield Stand(place_of(place, planned), planned, is_chosen)
        return
    is_decided = isinstance(planned, PlannedCell) and _has_choices(planned)
    for name, part in planned.parts():
        is_option = isinstance(planned, PlannedMix) and bool(name)
        yield from stands(part, within(place, name), is_chosen or is_decided or is_option)


def within(place: str, name: str) -> str:
    """Return what a place within another is called."""
    return f"{place}/{name}" if place and name else place or name


def place_of(place: str, layer: PlannedLayer) -> str:
    """Return what the place of a layer is called."""
    return within(place, layer.op.label.replace(".", "_"))


def _has_choices(planned: Planned) -> bool:
    return isinstance(planned, PlannedMix) or any(_has_choices(part) for _, part in planned.parts())


class SharedLayers(nn.Module):
    """The weights of all layers that may stand at some places.

    Args:
        stands: All layers that may stand there.
        affine: Whether normalisations of layers that are chosen have a scale and an offset.
        tracked: Whether normalisations keep averages of what they read in training, which they use in evaluation.

    Raises:
        BadSetting: When averages shall be tracked of layers that share their weights.
    """

    def __init__(self, stands: Iterable[Stand], affine: bool, tracked: bool = False) -> None:
        super().__init__()
        self._tracked = tracked
        at: dict[str, dict[Look, PlannedLayer]] = {}
        self._is_plain: dict[str, bool] = {}
        for stand in stands:
            at.setdefault(stand.place, {}).setdefault(_look_of(stand.layer), stand.layer)
            self._is_plain[stand.place] = stand.is_chosen and not affine
        self.places, self.others = nn.ModuleDict(), nn.ParameterDict()
        self._largest: dict[str, Look] = {}
        for place, layers in at.items():
            self._draw(place, list(layers.values()))
        self._made: dict[tuple[str, Look], nn.Module | Sliced] = {}

    def __getstate__(self) -> dict[str, object]:
        """Leave out the layers that are made when they are asked for."""
        return {**self.__dict__, "_made": {}}

    def _draw(self, place: str, layers: Sequence[PlannedLayer]) -> None:
        """Draw the weights of a place: the layer that has most is made as it is, and the others read them."""
        is_plain, largest = self._is_plain[place], layers[0]
        shapes: list[Mapping[str, torch.Size]] = []
        if len(layers) > 1:
            if self._tracked:
                raise BadSetting(
                    f"layers of several sizes share the weights of {place}, and averages that all of them track would "
                    "be of none; let normalisations read the batch, or recalibrate them for each architecture"
                )
            shapes = [_shapes_of(*_look_of(one), one.op.label, is_plain) for one in layers]
            sizes = [sum(shape.numel() for shape in one.values()) for one in shapes]
            largest = layers[sizes.index(max(sizes))]
        self.places[place] = module = _layer(largest.op, largest.place, is_plain, self._tracked)
        self._largest[place] = _look_of(largest)
        drawn = dict(module.named_parameters())
        for name in dict.fromkeys(name for one in shapes for name in one):
            having = [(one[name], layer) for one, layer in zip(shapes, layers, strict=True) if name in one]
            wanted = torch.Size(map(max, zip(*(shape for shape, _ in having), strict=True)))
            if name not in drawn or drawn[name].shape != wanted:
                _, widest = max(having, key=lambda one: one[0].numel())
                self._enlarge(
                    place, name, dict(_layer(widest.op, widest.place, is_plain).named_parameters())[name], wanted
                )

    def _enlarge(self, place: str, name: str, drawn: nn.Parameter, wanted: torch.Size) -> None:
        """Add a weight that the largest layer does not have, or not in this size."""
        weight = drawn
        if drawn.shape != wanted:
            weight = nn.Parameter(drawn.new_zeros(wanted))
            if weight.dim() > 1:
                nn.init.kaiming_uniform_(weight, a=5**0.5)  # as PyTorch's layers draw theirs
            with torch.no_grad():
                weight[_part(drawn.shape, wanted)] = drawn
        self.others[_other(place, name)] = weight

    def weight(self, place: str, name: str) -> nn.Parameter | None:
        """Return the weight of a place that its layers have under a name; None where there is none."""
        other = _other(place, name)
        if other in self.others:
            weight: nn.Parameter = self.others[other]
            return weight
        return dict(self.places[place].named_parameters()).get(name)

    def layer(self, place: str, layer: PlannedLayer) -> nn.Module | Sliced:
        """Return the layer of a place, with its part of the weights."""
        key = place, _look_of(layer)
        if key not in self._made:
            self._made[key] = self._with_weights(place, layer)
        return self._made[key]

    def _with_weights(self, place: str, layer: PlannedLayer) -> nn.Module | Sliced:
        holder = self.places[place]
        has_others = any(name.startswith(f"{place}:") for name in self.others)
        if self._largest[place] == _look_of(layer) and not has_others:
            return holder
        with torch.random.fork_rng(devices=[]):
            module = _layer(layer.op, layer.place, self._is_plain[place])
        weights = {name: (self._found(place, name), one.shape) for name, one in module.named_parameters()}
        if all(weight.shape == shape for weight, shape in weights.values()):
            for name, (weight, _) in weights.items():
                owner, _, own = name.rpartition(".")
                module.get_submodule(owner)._parameters[own] = weight
            return module
        parts = {name: (weight, _part(shape, weight.shape)) for name, (weight, shape) in weights.items()}
        return Sliced(module, holder, parts)

    def _found(self, place: str, name: str) -> nn.Parameter:
        weight = self.weight(place, name)
        if weight is None:
            raise RuntimeError(f"the layers of {place} have no weight {name}")
        return weight

    def lend(self, network: nn.Module, stands: Sequence[Stand]) -> nn.Module:
        """Put the weights of some layers into a network that has them in this order, and return it.

        Where the network's layer is as large as the place's, it has the same ``nn.Parameter``; a smaller one computes
        its part of it. A normalisation has no scale and offset where the places' has none.
        """
        own = [(module, name) for module in network.modules() for name in module._parameters if _has(module, name)]
        theirs = list[tuple[Stand, str]]()
        for stand in stands:
            with torch.device("meta"):
                layer = made(stand.layer.op, stand.layer.place)
            for prefix, module in layer.named_modules():
                theirs += [(stand, f"{prefix}.{name}".lstrip(".")) for name in module._parameters if _has(module, name)]
        for mine, their in zip_longest(own, theirs):
            if mine is None or their is None:
                raise RuntimeError("the network and its expression differ in their weights")
            self._lend(*mine, *their)
        return network

    def _lend(self, module: nn.Module, name: str, stand: Stand, path: str) -> None:
        weight, own = self.weight(stand.place, path), module._parameters[name]
        if weight is None or own is None or weight.shape == own.shape:
            module._parameters[name] = weight
            if weight is None:
                module.affine = False  # type: ignore[assignment]
            return
        parametrize.register_parametrization(module, name, _Part(_part(own.shape, weight.shape)), unsafe=True)
        # put in afterwards: registering a parametrization writes to the weight, which a backward pass may still read
        module.parametrizations[name]._parameters["original"] = weight  # type: ignore[union-attr,index]


class Sliced:
    """A layer that reads parts of weights.

    Args:
        module: The layer, whose own weights are not read.
        holder: The layer that has the weights, in whose mode it computes.
        parts: The weight that each of its own is a part of, by name, and which part.
    """

    def __init__(
        self, module: nn.Module, holder: nn.Module, parts: dict[str, tuple[nn.Parameter, tuple[slice, ...]]]
    ) -> None:
        self.module, self.holder, self.parts = module, holder, parts

    def __call__(self, x: Tensor) -> Tensor:
        """Map ``(batch, channels, size, size)`` as the layer does."""
        if self.module.training != self.holder.training:
            self.module.train(self.holder.training)
        y: Tensor = functional_call(self.module, {name: weight[part] for name, (weight, part) in self.parts.items()}, x)
        return y


class _Part(nn.Module):
    """Gives a part of a weight."""

    def __init__(self, part: tuple[slice, ...]) -> None:
        super().__init__()
        self.part = part

    def forward(self, weight: Tensor) -> Tensor:
        return weight[self.part]


def _layer(op: Op, place: Place, is_plain: bool, tracked: bool = False) -> nn.Module:
    """Make a layer whose normalisations read the batch, and which changes nothing in place.

    Args:
        op: Which.
        place: Where it stands.
        is_plain: Whether they have neither scale nor offset.
        tracked: Whether they keep averages, which they read in evaluation.
    """
    module = made(op, place)
    for one in module.modules():
        if getattr(one, "inplace", False):
            one.inplace = False  # type: ignore[assignment]
        if isinstance(one, _BatchNorm):
            if not tracked:
                one.track_running_stats = False
                one.running_mean = one.running_var = one.num_batches_tracked = None
            if is_plain:
                one.affine, one.weight, one.bias = False, None, None  # type: ignore[assignment]
    return module


def _look_of(layer: PlannedLayer) -> Look:
    """Return what is the same for layers that are alike."""
    return layer.op.maker, tuple(layer.op.settings.items()), layer.place


@lru_cache(maxsize=2**14)
def _shapes_of(
    maker: object, settings: tuple[tuple[str, object], ...], place: Place, label: str, is_plain: bool
) -> Mapping[str, torch.Size]:
    """Return the shapes of a layer's weights by name."""
    with torch.device("meta"):
        layer = _layer(Op(label, dict(settings), maker), place, is_plain)  # type: ignore[arg-type]
        return {name: one.shape for name, one in layer.named_parameters()}


def _has(module: nn.Module, name: str) -> bool:
    return module._parameters[name] is not None


def _part(shape: torch.Size, whole: torch.Size) -> tuple[slice, ...]:
    """Return which part of a whole weight a smaller one is: the first channels, and of a kernel the centre."""
    starts = [0 if axis < 2 else (full - size) // 2 for axis, (size, full) in enumerate(zip(shape, whole, strict=True))]
    return tuple(slice(start, start + size) for start, size in zip(starts, shape, strict=True))


def _other(place: str, name: str) -> str:
    return f"{place}:{name.replace('.', '/')}"
