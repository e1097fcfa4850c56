"""The laws of proxies, played on small networks of our spaces and on foreign ones; they need PyTorch."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.proxy import Proxy
from nasbed.core.registry import proxies, spaces
from nasbed.core.rng import Streams
from nasbed.testing.law import DoesNotApply, Laws, refuses
from nasbed.testing.settings import what_a_setting_may_not_be_is_refused

if TYPE_CHECKING:
    from torch import Tensor, nn

    from nasbed.proxies.probe import Probe

proxy_laws: Laws[Proxy] = Laws("proxy")
law, check_proxy = proxy_laws.law, proxy_laws.check

law(what_a_setting_may_not_be_is_refused)

_IMAGES, _SIZE, _CLASSES = 6, 8, 4
_FRAMES: dict[str, Mapping[str, int]] = {"nasbench201": {"channels": 4, "cells": 1}, "natssize": {}}
_TOLD = ("nasbench201", "with dropout", "of functions", "with a memory", "frozen in part", "evaluating", "attention")
"""Some that show most."""


def _torch() -> Any:
    return require("torch", "torch")


@cache
def _names() -> tuple[str, ...]:
    _torch()
    from nasbed.testing.foreign import FOREIGN

    return (*_FRAMES, *FOREIGN)


def _network(name: str, seed: int) -> nn.Module:
    """Make one of the networks that laws are played on, always the same from a seed."""
    from nasbed.nets.blueprint import network as build
    from nasbed.testing.foreign import FOREIGN

    with _torch().random.fork_rng(devices=[]):
        _torch().manual_seed(seed)
        if name in FOREIGN:
            return FOREIGN[name]()
        space = spaces.make(name, {})
        arch = space.sample(Streams.from_seed(seed, 1, 0, "laws"))[0]
        network: nn.Module = build(space, arch, classes=_CLASSES, image_size=_SIZE, **_FRAMES[name])
        return network


def _batch(seed: int) -> tuple[Tensor, Tensor]:
    generator = _torch().Generator().manual_seed(seed)
    images = _torch().randn(_IMAGES, 3, _SIZE, _SIZE, generator=generator)
    return images, _torch().arange(_IMAGES) % _CLASSES


def _probe(name: str, seed: int) -> Probe:
    from nasbed.proxies.probe import Probe

    return Probe(_network(name, seed), *_batch(seed), seed=seed)


def _probes(seed: int, names: Iterable[str] = ()) -> Iterator[tuple[str, Probe]]:
    return ((name, _probe(name, seed)) for name in names or _names())


def _stir() -> None:
    """Bring every global generator somewhere that no seed has led to."""
    _torch().rand(7)
    random.random()
    np.random.random()  # noqa: NPY002


def _state(probe: Probe) -> dict[str, Any]:
    """Describe everything that a proxy must not change, in values that can be compared."""
    torch, network = _torch(), probe.network
    found: dict[str, Any] = {
        "torch's generator": torch.get_rng_state().numpy().tobytes(),
        "Python's generator": random.getstate(),
        "NumPy's generator": str(np.random.get_state()),  # noqa: NPY002 - it is the global one that is looked at
        "whether gradients are taken": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
        "determinism": (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark),
        "the images": _bytes(probe.images),
        "whether images need gradients": probe.images.requires_grad,
    }
    for name, module in network.named_modules():
        for key, value in vars(module).items():
            found[f"{name}.{key}"] = _shallow(value)
    for name, tensor in network.named_parameters():
        found[f"the gradient of {name}"] = None if tensor.grad is None else (id(tensor.grad), _bytes(tensor.grad))
        found[f"whether {name} needs a gradient"] = tensor.requires_grad
    return found


def _shallow(value: Any) -> Any:
    """Describe an attribute: tensors by identity, contents and layout, collections by what is in them."""
    if isinstance(value, _torch().Tensor):
        return id(value), _bytes(value), value.stride(), value._version
    if isinstance(value, Mapping):
        return id(value), [(key, _shallow(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return id(value), [_shallow(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else id(value)


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().numpy().tobytes()


def _assert_same(before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> None:
    changed = [key for key in {**before, **after} if before.get(key, "absent") != after.get(key, "absent")]
    assert not changed, f"{where}: changed {', '.join(changed)}"


@law
def a_score_is_a_finite_number(proxy: Proxy, seed: int) -> None:
    """Whatever the network, what comes back is a finite float, the worst where the definition gives none."""
    for name, probe in _probes(seed):
        value = proxy(probe)
        assert isinstance(value, float), f"{name}: {value!r} is no float"
        assert math.isfinite(value), f"{name}: {value}"


@law
def a_network_is_left_as_found(proxy: Proxy, seed: int) -> None:
    """Weights, gradients, modes, buffers, hooks, attributes, flags and generators are as before."""
    for name, probe in _probes(seed):
        for number, parameter in enumerate(probe.network.parameters()):
            if number % 2:
                parameter.grad = _torch().full_like(parameter, 0.5)
        _stir()
        before = _state(probe)
        proxy(probe)
        _assert_same(before, _state(probe), name)


@law
def after_an_error_a_network_is_left_as_found(proxy: Proxy, seed: int) -> None:
    """It is so, too, when the network, the loss or the search for logits fails."""
    from nasbed.proxies.probe import Probe
    from nasbed.testing.foreign import FOREIGN, Failing

    def fail(*_: Any) -> Any:
        raise ArithmeticError("this fails")

    whole = FOREIGN["with a memory"]
    for probe in (
        Probe(Failing(), *_batch(seed)),
        Probe(whole(), *_batch(seed), loss=fail),
        Probe(whole(), *_batch(seed), logits=fail),
    ):
        _stir()
        before = _state(probe)
        with suppress(ArithmeticError):
            proxy(probe)
        _assert_same(before, _state(probe), "after an error")


@law
def a_score_follows_from_the_probe(proxy: Proxy, seed: int) -> None:
    """The same probe has the same score: whatever was drawn, scored or left in the network before."""
    for name, probe in _probes(seed, _TOLD):
        expected = proxy(probe)
        _stir()
        assert proxy(probe) == expected, f"{name}: scored again it is another"
        assert proxy(_probe(name, seed)) == expected, f"{name}: made again it is another"


@law
def mode_gradients_and_freezing_do_not_matter(proxy: Proxy, seed: int) -> None:
    """A network may be found in any mode, frozen, with gradients, and where none are taken."""
    torch = _torch()
    for name, probe in _probes(seed, _TOLD):
        expected = proxy(probe)
        with torch.no_grad():
            assert proxy(probe) == expected, f"{name}: it is another score where no gradients are taken"
        with torch.inference_mode():
            assert proxy(probe) == expected, f"{name}: it is another score in inference mode"
        for parameter in probe.network.parameters():
            parameter.grad = torch.ones_like(parameter)
        probe.network.requires_grad_(False).train(not probe.network.training)
        assert proxy(probe) == expected, f"{name}: it is another score of a frozen network in another mode"


@law
def alone_or_together_a_score_is_the_same(proxy: Proxy, seed: int) -> None:
    """Asked for with all other proxies, before or after them, it is the same to the last bit."""
    from nasbed.proxies.probe import score

    others = [name for name in proxies if name != proxy.name]
    for name in _TOLD[1:4]:
        probe = _probe(name, seed)
        alone = proxy(probe)
        before, after = score(probe, [proxy, *others]), score(probe, [*others, proxy])
        assert before[proxy.label] == after[proxy.label] == alone, f"{name}: with others it is another"


@law
def what_it_does_not_need_does_not_matter(proxy: Proxy, seed: int) -> None:
    """Without need for data, labels or gradients, other images, no labels, or what cannot be gone back through."""
    from nasbed.proxies.probe import Probe

    for name, probe in _probes(seed, _TOLD):
        expected = proxy(probe)
        if not proxy.labels:
            assert proxy(Probe(probe.network, probe.images, seed=seed)) == expected, f"{name}: labels matter"
        if not proxy.data:
            other = Probe(probe.network, _torch().ones_like(probe.images), probe.labels, seed)
            assert proxy(other) == expected, f"{name}: images matter"
        if not proxy.backward:
            assert _without_going_back(proxy, probe) == expected, f"{name}: gradients are taken"


def _without_going_back(proxy: Proxy, probe: Probe) -> float:
    """Score where going back through the first layer is an error."""

    def refuse(gradient: Tensor) -> None:
        raise AssertionError(f"{proxy.name} goes back, although it says that it does not")

    def watch(module: Any, inputs: Any, output: Any) -> None:
        if isinstance(output, _torch().Tensor) and output.requires_grad:
            output.register_hook(refuse)

    handles = [module.register_forward_hook(watch) for module in probe.network.modules()]
    try:
        return proxy(probe)
    finally:
        for handle in handles:
            handle.remove()


@law
def labels_that_are_missing_are_asked_for(proxy: Proxy, seed: int) -> None:
    """A proxy that needs labels says so when there are none."""
    from nasbed.proxies.probe import Probe

    if not proxy.labels:
        raise DoesNotApply(f"{proxy.name} needs no labels")
    probe = _probe(_names()[0], seed)
    refuses(BadSetting, proxy, Probe(probe.network, probe.images))


@law
def settings_make_it_again(proxy: Proxy, seed: int) -> None:
    """A proxy is a value: equal settings make an equal one, and its label begins with its registered name."""
    again = type(proxy)(**proxy.settings())
    assert again == proxy == copy.deepcopy(proxy), "made again from its settings it is another"
    assert hash(again) == hash(proxy), "equal proxies have different hashes"
    assert proxy.label.startswith(proxy.name), f"{proxy.label!r} does not begin with {proxy.name!r}"
    for registered in proxies:
        if proxies[registered] is type(proxy):
            assert registered == proxy.name, f"{proxy.name!r} is registered as {registered!r}"
