"""Fusing: what ways that read the same have in common is computed once.

A layer says its steps: those of an ``nn.Sequential``, or its ``steps``. Of ways that lead from one value to some nodes,
equal steps without weights, rectifiers and poolings, are computed once; convolutions with equal kernels are joined into
one, with the weights of all of them; and a coefficient is the scale of the normalisation that ends its way. It is the
same function: in float64 it differs by rounding alone.

On the supernet of NAS-Bench-201 this takes less than half of the time of the published layout, and keeps less than half
as much for the backward pass (``benchmarks/supernet.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nasbed.nets.mixing import Bring, Leaf, Mixer
from nasbed.nets.opening import Term
from nasbed.nets.plan import Planned, PlannedLayer
from nasbed.nets.summing import Scales, Sums

SHARED = (
    *(nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.Mish, nn.LeakyReLU, nn.ELU),
    *(nn.AvgPool2d, nn.MaxPool2d, nn.ZeroPad2d),
)
"""Steps without weights and without chance, which are computed once for all ways that begin with one."""

Step = Callable[[Tensor], Tensor]
Goes = Callable[[Tensor, Scales, Sums], None]
"""Takes a value to the nodes that it leads to."""


class Path(NamedTuple):
    """The rest of a way.

    Attributes:
        node: Where it leads.
        term: How much it counts.
        steps: What is left of it.
    """

    node: int
    term: Term
    steps: tuple[Step, ...]

    @property
    def rest(self) -> Path:
        """What is left behind the next step."""
        return self._replace(steps=self.steps[1:])


class Fuser(Mixer):
    """Makes what computes the parts of a plan, ways from one value together."""

    def computes(self, leaves: Sequence[tuple[Leaf, Planned]]) -> Bring:
        """Return what computes leaves of one source, each given with its part, and adds them to their nodes."""
        paths, others = list[Path](), list[tuple[Leaf, Planned]]()
        for leaf, part in leaves:
            if isinstance(part, PlannedLayer):
                paths.append(Path(leaf.node, leaf.term, steps_of(self.layer(part, leaf.place))))
            else:
                others.append((leaf, part))
        together, apart = joined(paths), super().computes(others)

        def bring(reads: Sequence[Tensor], at: Scales, sums: Sums) -> None:
            for goes in together:
                goes(reads[-1], at, sums)
            apart(reads, at, sums)

        return bring


def steps_of(layer: Any) -> tuple[Step, ...]:
    """Return what a layer does, one after the other."""
    if type(layer) is nn.Identity:
        return ()
    inner = layer if type(layer) is nn.Sequential else getattr(layer, "steps", None)
    return (layer,) if inner is None else tuple(step for one in inner for step in steps_of(one))


def joined(paths: Sequence[Path]) -> list[Goes]:
    """Return what takes one value along some paths."""
    groups: dict[Any, list[Path]] = {}
    for path in paths:
        groups.setdefault(_beginning(path), []).append(path)
    return [_together(some) for some in groups.values()]


def _beginning(path: Path) -> Any:
    """Return what is the same for paths whose next steps are computed together."""
    if not path.steps:
        return path
    step = path.steps[0]
    if type(step) in SHARED:
        return type(step), *sorted((k, repr(v)) for k, v in vars(step).items() if k[0] != "_" and k != "training")
    if type(step) is nn.Conv2d and step.groups == 1 and step.padding_mode == "zeros":
        norm = _norm_behind(path)
        kind = step.kernel_size, step.stride, step.padding, step.dilation, step.bias is None
        return nn.Conv2d, kind, norm and (norm.eps, norm.momentum, norm.affine, len(path.steps) == 2)
    return path


def _norm_behind(path: Path) -> nn.BatchNorm2d | None:
    """Return the normalisation behind the next step; None where there is none."""
    norm = path.steps[1] if len(path.steps) > 1 else None
    return norm if type(norm) is nn.BatchNorm2d else None


def _together(paths: Sequence[Path]) -> Goes:
    """Return what takes one value along paths that begin alike."""
    path = paths[0]
    if not path.steps:
        return _Ends(path.node, path.term)
    step = path.steps[0]
    is_plain = type(step) is nn.Conv2d and step.padding_mode == "zeros"
    if is_plain and (len(paths) > 1 or _norm_behind(path) is not None):
        return _Convolved(paths)
    if type(step) is nn.BatchNorm2d and len(path.steps) == 1:
        return _Normed(path)
    return _Stepped(step, joined([one.rest for one in paths]))


class _Ends:
    """Adds a value to its node."""

    def __init__(self, node: int, term: Term) -> None:
        self.node, self.term = node, term

    def __call__(self, x: Tensor, at: Scales, sums: Sums) -> None:
        sums.add(self.node, x, at(self.term))


class _Stepped:
    """Takes one step, and the rest of the paths from there."""

    def __init__(self, step: Step, goes: Sequence[Goes]) -> None:
        self.step, self.goes = step, goes

    def __call__(self, x: Tensor, at: Scales, sums: Sums) -> None:
        y = self.step(x)
        for goes in self.goes:
            goes(y, at, sums)


class _Normed:
    """Ends in a normalisation, whose scale is the coefficient."""

    def __init__(self, path: Path) -> None:
        self.path, self.norm = path, _Norms([path], 0)

    def __call__(self, x: Tensor, at: Scales, sums: Sums) -> None:
        sums.add(self.path.node, self.norm(x, at), None)


class _Convolved:
    """Joins convolutions with equal kernels, and the normalisations behind them where there are any.

    One that convolves groups of channels is joined with no other.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.convs: list[Any] = [path.steps[0] for path in paths]
        self.channels = [conv.out_channels for conv in self.convs]
        self.norms = None if _norm_behind(paths[0]) is None else _Norms(paths, 1)
        self.nodes = [path.node for path in paths] if self.norms is not None and self.norms.is_last else None
        behind = 1 if self.norms is None else 2
        self.goes = [joined([path._replace(steps=path.steps[behind:])]) for path in paths]

    def __call__(self, x: Tensor, at: Scales, sums: Sums) -> None:
        conv, are_many = self.convs[0], len(self.convs) > 1
        weight = torch.cat([one.weight for one in self.convs]) if are_many else conv.weight
        bias = torch.cat([one.bias for one in self.convs]) if are_many and conv.bias is not None else conv.bias
        y = functional.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)
        if self.norms is not None:
            y = self.norms(y, at)
        pieces = torch.split(y, self.channels, 1) if are_many else (y,)
        if self.nodes is not None:
            for node, piece in zip(self.nodes, pieces, strict=True):
                sums.add(node, piece, None)
        else:
            for some, piece in zip(self.goes, pieces, strict=True):
                for goes in some:
                    goes(piece, at, sums)


class _Norms:
    """Normalises the channels of several paths; where it is their last step, coefficients are its scale.

    Args:
        paths: They.
        place: Which of their steps it is.
    """

    def __init__(self, paths: Sequence[Path], place: int) -> None:
        self.norms: list[Any] = [path.steps[place] for path in paths]
        self.is_last = len(paths[0].steps) == place + 1
        self.terms = tuple(path.term if self.is_last else () for path in paths)
        self.channels = tuple(norm.num_features for norm in self.norms)

    def __call__(self, x: Tensor, at: Scales) -> Tensor:
        """Map ``(batch, channels, size, size)``, all channels beside each other."""
        weight, bias = at.vector(self.terms, self.channels), None
        if self.norms[0].affine:
            own, bias = (torch.cat([getattr(norm, name) for norm in self.norms]) for name in ("weight", "bias"))
            weight, bias = (own, bias) if weight is None else (own * weight, bias * weight)
        norm = self.norms[0]
        if not norm.track_running_stats:
            return functional.batch_norm(x, None, None, weight, bias, True, 0.0, norm.eps)
        mean, variance = (self._averages(name) for name in ("running_mean", "running_var"))
        y = functional.batch_norm(x, mean, variance, weight, bias, norm.training, norm.momentum, norm.eps)
        for one in self.norms if norm.training else ():
            one.num_batches_tracked.add_(1)
        if norm.training and len(self.norms) > 1:
            for name, averages in (("running_mean", mean), ("running_var", variance)):
                for one, part in zip(self.norms, torch.split(averages, list(self.channels)), strict=True):
                    getattr(one, name).copy_(part)
        return y

    def _averages(self, name: str) -> Tensor:
        if len(self.norms) == 1:
            own: Tensor = getattr(self.norms[0], name)
            return own
        return torch.cat([getattr(one, name) for one in self.norms])
