"""NASWOT: how differently an untrained network's rectifiers split a batch.

Reference: Mellor et al., "Neural architecture search without training", ICML 2021, https://arxiv.org/abs/2006.04647,
whose ``score_networks.py`` (https://github.com/BayesWatch/nas-without-training) the variant ``paper`` follows.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nasbed.core.compiled import heavy_kernel
from nasbed.core.proxy import Proxy
from nasbed.proxies.probe import Probe

Heard = Callable[[Hashable, Tensor, Tensor], None]
"""Told of each call: which rectifier, what went in, what came out."""

FUNCTIONS = {F.relu, F.relu6, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}

EXACT_IN_FLOAT32 = 2**24
"""Whole numbers up to here are sums of float32 without rounding, in TF32 products, too."""

Variant = Literal["paper", "notebook", "evaluation"]


class _Form(NamedTuple):
    """What a variant compares.

    Attributes:
        outputs: Whether it is what every rectifier gives, once, or else what goes into those that the logits depend on.
        train: Whether batches are normalised by their own statistics, or else by running averages.
    """

    outputs: bool
    train: bool


FORMS: Mapping[str, _Form] = {
    "paper": _Form(outputs=False, train=True),
    "notebook": _Form(outputs=True, train=True),
    "evaluation": _Form(outputs=True, train=False),
}


@dataclass(frozen=True)
class NASWOT(Proxy):
    """log |det K|, where K counts at how many rectifiers each two images fall on the same side of zero.

    With x = 1 where a rectifier's value is positive, flattened for each image, K = Σ x xᵀ + (1 − x)(1 − x)ᵀ over the
    rectifiers. One batch without labels, of 128 unaugmented images in the paper; no gradients; the network's own
    initialisation and precision, counts in whole numbers, the determinant in float64; higher is better. Scores of
    different batch sizes or variants cannot be compared.

    Attributes:
        variant: ``"paper"``: what goes into rectifiers, in training mode (statistics of the batch), for those that a
            backward pass from the logits would reach. A module counts when its class has ``ReLU`` in its name, as in
            the published code, so that where ``ReLUConvBN`` blocks are, the rectifier of each counts twice and the last
            of the network once. ``"notebook"``: what comes out of every rectifier that runs, once (a block that has one
            in it does not count again), in training mode, too: the scores that the FastEstimator notebook prints, whose
            code asks for evaluation mode and does not get it. ``"evaluation"``: the same in evaluation mode, as that
            code reads; running averages take the place of the batch's statistics.
    """

    variant: Variant = "paper"

    name: ClassVar[str] = "naswot"
    labels: ClassVar[bool] = False
    backward: ClassVar[bool] = False

    def measure(self, probe: Probe) -> float:
        """Go forward once, and take the determinant."""
        return float(np.linalg.slogdet(self.kernel(probe))[1])

    def kernel(self, probe: Probe) -> NDArray[np.float64]:
        """Give K, whole numbers, ``(batch, batch)``."""
        outputs, train = FORMS[self.variant]
        with probe.borrowed(train=train) as network:
            images = probe.batch()
            behind = None if outputs else reached(network, images[:2], probe.logits)

            def run(batch: Tensor) -> NDArray[np.float64]:
                total = _Sum(len(images))

                def heard(rectifier: Hashable, given: Tensor, output: Tensor) -> None:
                    if rectifier in behind if behind is not None else not _is_block(rectifier):
                        total.add(output if outputs else given)

                with torch.no_grad(), listening(network, heard):
                    network(batch)
                return total.kernel

            return _as_channels_last(run, images)


@dataclass(eq=False)
class _Sum:
    """The sum of agreements, in which a tensor that several rectifiers are given is looked at once."""

    batch: int

    def __post_init__(self) -> None:
        self.kernel: NDArray[np.float64] = np.zeros((self.batch, self.batch))
        self._known: dict[int, tuple[weakref.ref[Tensor], int, NDArray[np.float64]]] = {}

    def add(self, values: Tensor) -> None:
        """Add what is known or counted now; pass over what is not a batch of all images, as the published code does."""
        if values.dim() < 2 or len(values) != self.batch:
            return
        known, version, found = self._known.get(id(values), (None, None, None))
        if found is None or known is None or known() is not values or version != values._version:
            found = agreements(values)
            self._known[id(values)] = (weakref.ref(values), values._version, found)
        self.kernel += found


def _is_block(rectifier: Hashable) -> bool:
    return isinstance(rectifier, nn.Module) and any(True for _ in rectifier.children())


def _as_channels_last(run: Callable[[Tensor], NDArray[np.float64]], images: Tensor) -> NDArray[np.float64]:
    """Run on a copy with channels together, where convolutions take half as long, if the network can be run so."""
    if images.dim() == 4:
        try:
            return run(images.clone(memory_format=torch.channels_last))
        except RuntimeError:  # such as x.view(len(x), -1), which this order of numbers does not allow
            pass
    return run(images.clone())


def agreements(values: Tensor) -> NDArray[np.float64]:
    """Count, for each two images, the places of a layer where both values are positive or neither is.

    With x = 1 where a value is positive, flattened for each image, this is x xᵀ + (1 − x)(1 − x)ᵀ.

    Args:
        values: ``(batch, …)``; 0 and NaN are not positive.

    Returns:
        Whole numbers, ``(batch, batch)``.
    """
    rows = _rows(values.detach())
    differences = _differences_of_bits(rows) if rows.device.type == "cpu" else differences_by_product(rows)
    return np.asarray(rows.shape[1] - differences, np.float64)


def _rows(values: Tensor) -> Tensor:
    """Flatten each image, without a copy where pixels or channels lie together; the order of places does not matter."""
    if values.dim() == 4 and not values.is_contiguous():
        values = values.permute(0, 2, 3, 1)
    return values.reshape(len(values), -1)


def _differences_of_bits(rows: Tensor) -> NDArray[np.int64]:
    """Count on a processor: a bit a place, so that 64 places are one exclusive or and one count of ones."""
    numbers = rows if rows.dtype in (torch.float32, torch.float64) else rows.float()
    words = np.empty((len(rows), -(-rows.shape[1] // 64)), np.uint64)
    differences = np.empty((len(rows), len(rows)), np.int64)
    pack_signs(numbers.numpy(), words)
    count_differences(words, differences)
    return differences


def differences_by_product(rows: Tensor) -> NDArray[np.float64]:
    """Count on an accelerator, whose matrix products cost less than bits: those with a 1 less those both have, twice.

    Args:
        rows: ``(batch, places)``.
    """
    positive = (rows > 0).to(torch.float32 if rows.shape[1] < EXACT_IN_FLOAT32 else torch.float64)
    ones = positive.sum(1)
    differences: NDArray[np.float64] = (ones[:, None] + ones - 2 * (positive @ positive.T)).cpu().double().numpy()
    return differences


@heavy_kernel
def pack_signs(values: Any, words: Any) -> None:
    """Write a bit for each value, 1 where it is positive; the bits that no value has are 0.

    Value k·n + i of a row of n words is bit k of its word i: neighbours go to neighbours, so that a processor packs
    several at a time.

    Args:
        values: ``(rows, features)``.
        words: To be written, ``(rows, ⌈features / 64⌉)``, unsigned 64-bit.
    """
    rows, features = values.shape
    count = words.shape[1]
    for row in range(rows):
        packed = words[row]
        packed[:] = 0
        for k in range(64):
            bit = np.uint64(1) << np.uint64(k)
            start = k * count
            for i in range(min(count, features - start)):
                packed[i] |= bit if values[row, start + i] > 0 else np.uint64(0)


@heavy_kernel
def ones_in(word: Any) -> Any:
    """Count the ones of a 64-bit word, in the steps that LLVM knows and makes one instruction of."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@heavy_kernel
def count_differences(words: Any, differences: Any) -> None:
    """Write in how many bits each two rows differ.

    Args:
        words: ``(rows, words)``, unsigned 64-bit.
        differences: To be written, ``(rows, rows)``, 64-bit whole numbers.
    """
    rows, count = words.shape
    for a in range(rows):
        differences[a, a] = 0
        for b in range(a):
            differ = np.uint64(0)
            for i in range(count):
                differ += ones_in(words[a, i] ^ words[b, i])
            differences[a, b] = differences[b, a] = np.int64(differ)


@contextmanager
def listening(network: nn.Module, heard: Heard) -> Iterator[None]:
    """Tell of every call of a rectifier, after it, for as long as the context lasts.

    A rectifier is a module whose class has ``ReLU`` in its name, as the published code has it: a block named
    ``ReLUConvBN`` is one, beside the ``nn.ReLU`` in it. Only in a network without any such module, calls of
    ``torch.relu`` and its like are heard instead, the n-th call as rectifier n.
    """
    modules = [module for module in network.modules() if "ReLU" in type(module).__name__]
    if not modules:
        with _Functions(heard):
            yield
        return

    def hook(module: nn.Module, positional: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        given = [*positional, *named.values()]
        if given and isinstance(given[0], Tensor) and isinstance(output, Tensor):
            heard(module, given[0], output)

    handles = [module.register_forward_hook(hook, with_kwargs=True) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Functions(TorchFunctionMode):
    """Hears rectifiers that are functions."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self.heard = heard
        self.calls = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in FUNCTIONS:
            self.heard(self.calls, [*args, *(kwargs or {}).values()][0], output)
            self.calls += 1
        return output


def reached(network: nn.Module, images: Tensor, logits: Callable[[Any], Tensor]) -> set[Hashable]:
    """Find the rectifiers that a backward pass from the logits comes through, without going back.

    Args:
        network: What is run, forward, once.
        images: A batch; two images do.
        logits: Finds the logits in what the network returns.
    """
    results: list[tuple[Hashable, Any]] = []
    with listening(network, lambda rectifier, given, output: results.append((rectifier, output.grad_fn))):
        start = logits(network(images.clone().requires_grad_()))
    behind = {start.grad_fn}
    waiting = [start.grad_fn]
    while waiting:
        node = waiting.pop()
        for before, _ in node.next_functions if node is not None else ():
            if before not in behind:
                behind.add(before)
                waiting.append(before)
    return {rectifier for rectifier, node in results if node is not None and node in behind}
