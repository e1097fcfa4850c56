"""Stacked layers: the layers of several networks as one, each network with weights of its own.

A value of K networks is *folded* where it is ``(batch, K·channels, …)``, the channels of the first network before those
of the second, or *apart* where it is ``(K, batch, …)``. Folded, with channels last in memory, a grouped convolution
computes K networks of 8 to 16 channels three to five times as fast as K convolutions (``benchmarks/training.py``).

Parameters and buffers bear the names that they have in one layer, and networks are the slowest axis of each. On a CPU
with one thread a network's numbers are the same, to the last bit, whatever networks are beside it; only what is mapped
(``Each``) and dense layers of values with more than two dimensions round by how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_flatten, tree_unflatten

from nasbed.nets.shards import ShardNorm, in_shards

_BLOCK = 8  # channels that oneDNN computes at once on AVX2

_COLOURS = 3
"""With so many input channels in all, oneDNN takes a grouped convolution's input for a colour image: without AVX-512 it
computes the gradient of the weights by another method then, which rounds differently."""


def apart(x: Tensor, networks: int) -> Tensor:
    """Take ``(batch, networks·channels, …)`` apart to ``(networks, batch, channels, …)``."""
    return x.view(x.shape[0], networks, -1, *x.shape[2:]).transpose(0, 1)


def folded(x: Tensor) -> Tensor:
    """Undo ``apart``; what has pixels has its channels last in memory."""
    found = x.transpose(0, 1).flatten(1, 2)
    return found.contiguous(memory_format=torch.channels_last) if found.dim() == 4 else found


def over_networks(call: Callable[..., Any], where: tuple[Any, ...]) -> Callable[..., Any]:
    """Map a function over networks; ``where`` is 0 for what each has its own of, else None, as for ``torch.vmap``."""

    def call_all(*values: Any) -> Any:
        # Of attention's kernels only this one can be mapped; others are called network by network, with a warning.
        with sdpa_kernel(SDPBackend.MATH):
            return torch.vmap(call, in_dims=where)(*values)

    return call_all


class Stacked(nn.Module):
    """One layer of several networks.

    Attributes:
        members: The number, in the whole, of each network that has this layer.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layers: Sequence[nn.Module], members: Sequence[int]) -> None:
        super().__init__()
        self.members = tuple(members)
        for name, first in layers[0].named_parameters(recurse=False):
            together = torch.cat([layer.get_parameter(name).detach() for layer in layers])
            self.register_parameter(name, nn.Parameter(together, requires_grad=first.requires_grad))
        if "bias" not in self._parameters:
            self.register_parameter("bias", None)
        for name, buffer in layers[0].named_buffers(recurse=False):
            if buffer.dim():
                self.register_buffer(name, torch.cat([layer.get_buffer(name) for layer in layers]))

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Go through parameters and buffers as ``(networks, …)``."""
        for name, tensor in (*self.named_parameters(recurse=False), *self.named_buffers(recurse=False)):
            yield name, tensor.detach().view(len(self.members), -1, *tensor.shape[1:])


def writes_elsewhere(layer: nn.Conv2d) -> bool:
    """Tell whether the gradient of a layer's weights, channels last, is written beyond its end.

    oneDNN does so on AVX2, as PyTorch 2.13 has it, for 1×1 convolutions with strides of less than 8 channels.
    """
    strided = layer.kernel_size == (1, 1) and layer.stride != (1, 1)
    return strided and layer.groups == 1 and layer.in_channels < _BLOCK


class Convolution(Stacked):
    """Convolutions of folded values."""

    def __init__(self, layers: Sequence[nn.Conv2d], members: Sequence[int]) -> None:
        super().__init__(layers, members)
        first = layers[0]
        self.settings: dict[str, Any] = {
            "stride": first.stride,
            "padding": first.padding,
            "dilation": first.dilation,
            "groups": first.groups * len(members),
        }
        self.memory = torch.channels_last
        if len(members) == 1 and writes_elsewhere(first):
            self.memory = torch.contiguous_format

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, K·sources, height, width)`` to ``(batch, K·targets, …)``."""
        networks, weight, bias = len(self.members), self.weight, self.bias
        alike = self.training and x.is_cpu and x.shape[1] == networks == _COLOURS and not _has_avx512()
        if not alike or bias is not None:
            found = F.conv2d(x.contiguous(memory_format=self.memory), weight, bias, **self.settings)
            return found.contiguous(memory_format=torch.channels_last)
        # With one more network, of zeros, the method is that of every other number of channels.
        x = F.pad(x, (0, 0, 0, 0, 0, 1))
        padded_weight = F.pad(weight, (0, 0, 0, 0, 0, 0, 0, len(weight) // networks))
        padded = F.conv2d(x, padded_weight, **{**self.settings, "groups": networks + 1})
        return padded[:, : len(weight)].contiguous(memory_format=torch.channels_last)


class Siblings(nn.Module):
    """Convolutions of one network that read the same values, as one: it reads them, and adds up its gradient, once.

    Args:
        layers: Convolutions without bias that differ in their weights alone, by where they are in the network.
    """

    def __init__(self, layers: Mapping[str, Convolution]) -> None:
        super().__init__()
        self.paths, self.layers = tuple(layers), nn.ModuleList(layers.values())
        (self.settings, *_), self.sizes = zip(
            *((one.settings, len(one.weight)) for one in layers.values()), strict=True
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map ``(batch, sources, height, width)`` to what each layer makes of it, ``(batch, targets, …)``."""
        weights = torch.cat([layer.get_parameter("weight") for layer in self.layers])
        found = F.conv2d(x.contiguous(memory_format=torch.channels_last), weights, **self.settings)
        parts = torch.split(found, self.sizes, dim=1)
        return tuple(part.contiguous(memory_format=torch.channels_last) for part in parts)


def _has_avx512() -> bool:
    """Tell whether PyTorch computes with AVX-512 here."""
    return torch.backends.cpu.get_cpu_capability() == "AVX512"


class Normalisation(Stacked):
    """Batch normalisations of folded values; each channel is normalised by itself.

    Attributes:
        rectifies: Whether a rectifier follows, which nothing else comes before: it is applied here.
    """

    running_mean: Tensor
    running_var: Tensor
    rectifies = False

    def __init__(self, layers: Sequence[nn.BatchNorm2d], members: Sequence[int]) -> None:
        super().__init__(layers, members)
        self.momentum, self.epsilon = float(layers[0].momentum or 0.0), layers[0].eps
        self.images = layers[0].images if isinstance(layers[0], ShardNorm) else 0

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        averages = self.running_mean, self.running_var
        if self.training and 0 < self.images < len(x):
            out = in_shards(x, self.images, *averages, self._normalised)
        else:
            out = self._normalised(x, *averages)
        if not self.rectifies:
            return out
        rectified: Tensor
        if out.is_cpu and out.dtype == torch.bfloat16 and not torch.compiler.is_compiling():
            rectified = Rectify.apply(out)  # type: ignore[no-untyped-call]
        else:
            rectified = out.relu_()
        return rectified

    def _normalised(self, x: Tensor, mean: Tensor | None, variance: Tensor | None) -> Tensor:
        if self.training and len(self.members) > 1:
            out: Tensor = _Normalise.apply(  # type: ignore[no-untyped-call]
                x, self.weight, self.bias, mean, variance, self.momentum, self.epsilon
            )
            return out
        return F.batch_norm(x, mean, variance, self.weight, self.bias, self.training, self.momentum, self.epsilon)


class Rectify(torch.autograd.Function):
    """Overwrite bfloat16 numbers, on a CPU, by their positive parts.

    As integers of 16 bits, negative numbers are negative and positive ones positive, and PyTorch 2.13 compares and
    multiplies such integers two to five times as fast. What is not a number may become 0 here; the averages of the
    normalisation before have it, too, so that it is seen.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Keep the shape."""
        x.view(torch.int16).clamp_min_(0)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Keep the gradient where what was given is positive."""
        (x,) = ctx.saved_tensors
        passes: Tensor = x.view(torch.int16).sign()  # 0 or 1
        return passes.mul_(gradient.view(torch.int16)).view(torch.bfloat16)


class _Normalise(torch.autograd.Function):
    """Normalise ``(batch, channels, size, size)`` by its own statistics, in training; move the running averages.

    PyTorch's own computes the gradient of its input in two ways, several channels at once and, for the last few of a
    tensor, one by one, and the two round differently: a network's training would depend on where in the tensor it
    stands. Here the statistics and the gradients of scale and offset are PyTorch's, which do not, and the gradient of
    the input is a multiple of the output's and of the input.

    Reference: Ioffe and Szegedy, ICML 2015, https://arxiv.org/abs/1502.03167
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor, forget: float, eps: float
    ) -> Tensor:
        """Give the scaled and shifted whole; keep what the gradient needs."""
        out, center, inverse = torch.native_batch_norm(x, scale, offset, mean, variance, True, forget, eps)
        ctx.save_for_backward(x, scale, center, inverse)
        ctx.epsilon = eps
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients of input, scale and offset."""
        x, scale, center, inverse = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        _, to_scale, to_offset = torch.ops.aten.native_batch_norm_backward(
            gradient, x, scale, None, None, center, inverse, True, ctx.epsilon, [False, True, True]
        )
        images = x.numel() // len(scale)
        of_gradient = scale * inverse
        of_input = -of_gradient * inverse * to_scale / images
        constant = -of_gradient * to_offset / images - of_input * center
        channels = (1, -1, 1, 1)
        to_input = torch.addcmul(constant.view(channels), x, of_input.view(channels))
        return to_input.addcmul_(gradient, of_gradient.view(channels)), to_scale, to_offset, *(None,) * 4


class Dense(Stacked):
    """Dense layers of folded values without pixels, or of values that are apart."""

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, K·sources)`` to ``(batch, K·targets)``, or ``(K, …, sources)`` to ``(K, …, targets)``."""
        networks, bias = len(self.members), self.bias
        if x.dim() == 2:
            # A grouped convolution computes each network alike; products of small matrices round by where they lie.
            return F.conv2d(x[:, :, None, None], self.weight[:, :, None, None], bias, groups=networks).flatten(1)
        weight = self.weight.view(networks, -1, self.weight.shape[1])
        found = torch.matmul(x.flatten(1, -2), weight.mT)
        if bias is not None:
            found = found + bias.view(networks, 1, -1)
        return found.view(*x.shape[:-1], -1)


class Each(Stacked):
    """Layers that have no stacked form, of values that are apart: ``torch.vmap`` over the networks."""

    def __init__(self, layers: Sequence[nn.Module], members: Sequence[int]) -> None:
        nn.Module.__init__(self)
        self.members = tuple(members)
        parameters, buffers = torch.func.stack_module_state(list(layers))
        self.names = [*parameters, *buffers]
        for place, name in enumerate(self.names):
            if name in parameters:
                trained = layers[0].get_parameter(name).requires_grad
                self.register_parameter(f"tensor{place}", nn.Parameter(parameters[name].detach(), trained))
            else:
                self.register_buffer(f"tensor{place}", buffers[name])
        self.one = (layers[0],)  # in a tuple, so that its own weights are none of this module's

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Go through parameters and buffers as ``(networks, …)``."""
        for place, name in enumerate(self.names):
            yield name, getattr(self, f"tensor{place}").detach()

    def forward(self, *values: Any, **settings: Any) -> Any:
        """Call the layer of each network with its part of each tensor."""
        (layer,) = self.one
        layer.train(self.training)
        tensors = {name: getattr(self, f"tensor{place}") for place, name in enumerate(self.names)}

        given: list[Any] = []  # torch.vmap takes no None, which attention gives for weights that nobody wants
        form: Any = None

        def call(tensors: dict[str, Tensor], *values: Any) -> tuple[Tensor, ...]:
            nonlocal form
            given[:], form = tree_flatten(torch.func.functional_call(layer, tensors, values, settings))
            return tuple(one for one in given if one is not None)

        where = tuple(0 if isinstance(value, Tensor) else None for value in values)
        found = iter(over_networks(call, (0, *where))(tensors, *values))
        return tree_unflatten([None if one is None else next(found) for one in given], form)


class Mapped(nn.Module):
    """A function, or a method by its name, mapped over networks whose values are apart."""

    def __init__(self, what: Any, where: Any, settings: Any) -> None:
        super().__init__()
        call = what if callable(what) else lambda value, *rest, **given: getattr(value, what)(*rest, **given)
        self.mapped = over_networks(lambda *some: call(*some, **settings), tuple(where))

    def forward(self, *values: Any) -> Any:
        """Call it."""
        return self.mapped(*values)
