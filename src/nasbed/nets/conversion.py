"""Conversion: from the layers of several networks to one module of stacked layers.

The forward pass of one network is recorded (``torch.fx``). Each layer in it is replaced by a stacked one, and each
function between layers by one for all networks; what has no stacked form is mapped over the networks (``torch.vmap``).
Where the networks have different layers at a place, they are sorted by layer there.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._pytree import tree_map

from nasbed.nets.folded import FUNCTIONS, RULES, Mixed
from nasbed.nets.shards import ShardNorm
from nasbed.nets.stacked import (
    Convolution,
    Dense,
    Each,
    Mapped,
    Normalisation,
    Siblings,
    apart,
    folded,
    writes_elsewhere,
)

_LAYERS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardswish, nn.Hardsigmoid,
    nn.Identity, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.ZeroPad2d,
)  # fmt: skip
"""Layers without parameters that treat each channel by itself."""

FOLDED, APART, PLAIN = "folded", "apart", "plain"
"""How a value of several networks lies: folded, apart, or the same for all and no tensor."""


class NoStack(Exception):
    """Networks cannot be stacked, and why."""


def stacked(networks: Sequence[nn.Module], example: Tensor) -> tuple[nn.Module, list[str]]:
    """Make one module of networks, from folded values to folded values, and list what is mapped in it.

    Args:
        networks: In evaluation mode.
        example: Some images for one of them, ``(n, channels, height, width)``.

    Raises:
        NoStack: When the forward pass cannot be recorded, or has no form for several networks.
    """
    mapped: set[str] = set()
    if _differing(networks) == [""]:
        raise NoStack("they differ in more than their layers")
    return _stacked(networks, range(len(networks)), example, mapped), sorted(mapped)


def _stacked(modules: Sequence[nn.Module], members: Sequence[int], example: Tensor, mapped: set[str]) -> nn.Module:
    places = _differing(modules)
    if places == [""]:
        return _mixed(modules, members, example, mapped)
    layer = _layer(modules, members, example)
    return layer or _Conversion(modules, members, example, places, mapped).result


def _mixed(modules: Sequence[nn.Module], members: Sequence[int], example: Tensor, mapped: set[str]) -> Mixed:
    """Sort modules by kind."""
    if example.dim() != 4:
        raise NoStack(f"their layers differ at a value of {example.dim()} dimensions")
    kinds: dict[Any, list[int]] = {}
    for place, module in enumerate(modules):
        kinds.setdefault(_kind(module), []).append(place)
    if len(kinds) == 1:
        raise NoStack(f"{type(modules[0]).__name__} differs in a way that cannot be told")
    operations = [
        _stacked([modules[i] for i in some], [members[i] for i in some], example, mapped) for some in kinds.values()
    ]
    return Mixed(operations, list(kinds.values()))


def _layer(modules: Sequence[Any], members: Sequence[int], example: Tensor) -> nn.Module | None:
    """Make a layer for folded values; None where there is no such form."""
    first, dims = modules[0], example.dim()
    if type(first) is nn.Linear and dims == 2:
        return Dense(modules, members)
    if type(first) is nn.Flatten and first.start_dim == 1:
        return nn.Flatten()
    if dims != 4:
        return first if isinstance(first, nn.Identity) or (type(first) in _LAYERS and dims == 2) else None
    if type(first) is nn.Conv2d and first.padding_mode == "zeros":
        return Convolution(modules, members)
    if (
        type(first) in (nn.BatchNorm2d, ShardNorm)
        and first.affine
        and first.track_running_stats
        and first.momentum is not None
    ):
        return Normalisation(modules, members)
    if type(first) is nn.AdaptiveAvgPool2d and first.output_size in (1, (1, 1)):
        return nn.AvgPool2d((example.shape[2], example.shape[3]))  # a mean rounds by how many channels there are
    return first if type(first) in _LAYERS else None


def _reading(layer: Any) -> tuple[Any, ...] | None:
    """Return how a convolution reads its input; None for one with groups or a bias, and for another layer."""
    plain = type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and layer.bias is None and layer.groups == 1
    if not plain or writes_elsewhere(layer):
        return None
    return layer.kernel_size, layer.stride, layer.padding, layer.dilation


def _called_once(nodes: Iterable[fx.Node]) -> list[fx.Node]:
    """List the calls of layers that are not called elsewhere, too."""
    return [
        node
        for node in nodes
        if node.op == "call_module" and sum(other.target == node.target for other in node.graph.nodes) == 1
    ]


# ── what differs between modules ──────────────────────────────────────────────────────────────────────────────────

_OF_MODULES = frozenset(vars(nn.Module()))


def _outside(module: nn.Module) -> tuple[Any, ...]:
    """Return what decides how a module computes, but for its children."""
    settings = tuple((name, _plain(value)) for name, value in sorted(vars(module).items()) if name not in _OF_MODULES)
    tensors = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
    shapes = tuple((name, tuple(tensor.shape), tensor.dtype) for name, tensor in tensors)
    return type(module), settings, shapes, tuple(name for name, _ in module.named_children())


def _plain(value: Any) -> Any:
    """Return what can be compared: of an object its type."""
    if isinstance(value, dict):
        return tuple((_plain(key), _plain(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    is_plain = value is None or isinstance(value, bool | int | float | str | torch.dtype)
    return value if is_plain else type(value)


def _kind(module: nn.Module) -> tuple[Any, ...]:
    """Return what decides how a module computes."""
    return _outside(module), tuple(_kind(child) for child in module.children())


def _differing(modules: Sequence[nn.Module], path: str = "") -> list[str]:
    """List the outermost places at which modules are not of one kind."""
    if len({_outside(module) for module in modules}) > 1:
        return [path]
    places = []
    for name, _ in modules[0].named_children():
        children = [module.get_submodule(name) for module in modules]
        places += _differing(children, f"{path}.{name}" if path else name)
    return places


# ── from the pass of one network to that of all ───────────────────────────────────────────────────────────────────


class _Tracer(fx.Tracer):
    """Records the calls of PyTorch's layers, and of modules at places at which networks differ."""

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__()
        self.places = frozenset(places)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Say whether a module is recorded as one call."""
        named = module_qualified_name in self.places or isinstance(m, ShardNorm)
        return named or super().is_leaf_module(m, module_qualified_name)


class _Examples(fx.Interpreter):
    """Notes what each node of a recorded pass gives for some images."""

    def run_node(self, n: fx.Node) -> Any:
        """Compute a node."""
        n.meta["example"] = found = super().run_node(n)
        return found


class _Conversion:
    """Replaces each node of the recorded pass of one module.

    Attributes:
        result: The module for all, from folded values to folded values.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        members: Sequence[int],
        example: Tensor,
        places: Sequence[str],
        mapped: set[str],
    ) -> None:
        self.modules, self.members, self.networks = modules, members, len(modules)
        self.differing, self.mapped = frozenset(places), mapped
        names = [name for name, _ in modules[0].named_parameters(remove_duplicate=False)]
        if len(names) != len(list(modules[0].parameters())):
            raise NoStack("layers share weights")
        try:
            recorded, in_training = (_Tracer(places).trace(modules[0].train(on)) for on in (False, True))
            modules[0].eval()
            with torch.no_grad():
                _Examples(modules[0], graph=recorded).run(example)
        except Exception as error:  # a forward pass may do anything with a value that it does not have yet
            raise NoStack(f"the forward pass cannot be recorded ({error!s:.200})") from None
        if str(recorded) != str(in_training):
            raise NoStack("the forward pass is another in training")
        self.graph = fx.Graph()
        self.layers: dict[str, nn.Module] = {}
        self.values: dict[fx.Node, fx.Node] = {}
        self.parts: dict[fx.Node, fx.Node] = {}
        self.lies: dict[fx.Node, str] = {}
        for node in recorded.nodes:
            self.values[node], self.lies[node] = self._converted(node)
        self.result = fx.GraphModule(self.layers, self.graph)

    def _converted(self, node: fx.Node) -> tuple[fx.Node, str]:
        """Make a node for all networks; return it, and how what it gives lies."""
        if node.op == "placeholder":
            return self.graph.placeholder(str(node.target)), FOLDED
        if node.op == "output":
            if not isinstance(node.meta["example"], Tensor):
                raise NoStack("the output is not one tensor")
            return self.graph.output(self._folded(node.args[0])), FOLDED
        if node.op == "get_attr":
            raise NoStack(f"{node.target} is no layer's")
        return self._layer(node) if node.op == "call_module" else self._function(node)

    def _layer(self, node: fx.Node) -> tuple[fx.Node, str]:
        path, source = str(node.target), node.args[0] if len(node.args) == 1 and not node.kwargs else None
        layers = [module.get_submodule(path) for module in self.modules]
        if isinstance(source, fx.Node) and self._can_fold(source):
            example, value = source.meta["example"], self._folded(source)
            differ = path in self.differing
            make = _mixed(layers, self.members, example, self.mapped) if differ else None
            layer = make or _layer(layers, self.members, example)
            siblings = self._siblings(node, source) if self.networks == 1 else []
            if len(siblings) > 1:
                return self._part(node, source, siblings), FOLDED
            if type(layer) is nn.ReLU and self._rectified(source):
                return value, FOLDED
            if layer is not None:
                self.layers[path] = layer
                return self.graph.call_module(path, (value,)), FOLDED
        if path in self.differing:
            raise NoStack(f"{type(layers[0]).__name__} differs where values are no images")
        if type(layers[0]) is nn.Linear:
            self.layers[path] = Dense(layers, self.members)
        else:
            self.layers[path] = Each(layers, self.members)
            self.mapped.add(type(layers[0]).__name__)
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), self._apart)
        return self.graph.call_module(path, args, kwargs), APART

    def _can_fold(self, source: fx.Node) -> bool:
        """Tell whether a value is folded, or an image that is apart and can be folded again."""
        example = source.meta["example"]
        is_image = self.lies[source] == APART and isinstance(example, Tensor) and example.dim() == 4
        return self.lies[source] == FOLDED or is_image

    def _siblings(self, node: fx.Node, source: fx.Node) -> list[fx.Node]:
        """List the convolutions that read what one of them reads, in the same way."""
        how = {one: _reading(self.modules[0].get_submodule(str(one.target))) for one in _called_once(source.users)}
        return [] if how.get(node) is None else [one for one in how if how[one] == how[node]]

    def _part(self, node: fx.Node, source: fx.Node, siblings: Sequence[fx.Node]) -> fx.Node:
        """Give what a convolution makes among its siblings, which are called as one where the first of them was."""
        if node not in self.parts:
            path, names = f"siblings_{len(self.layers)}", [str(one.target) for one in siblings]
            one: Any = self.modules[0]
            layers = {name: Convolution([one.get_submodule(name)], self.members) for name in names}
            self.layers[path] = Siblings(layers)
            together = self.graph.call_module(path, (self._folded(source),))
            for place, sibling in enumerate(siblings):
                self.parts[sibling] = self.graph.call_function(operator.getitem, (together, place))
        return self.parts[node]

    def _rectified(self, source: fx.Node) -> bool:
        """Have a normalisation apply a rectifier that alone reads what it gives; tell whether it is one."""
        before = self.layers.get(str(source.target)) if _called_once([source]) else None
        if not isinstance(before, Normalisation) or len(source.users) > 1:
            return False
        before.rectifies = True
        return True

    def _function(self, node: fx.Node) -> tuple[fx.Node, str]:
        """Replace a function, or a method by its name."""
        what: Any = node.target
        sources = node.all_input_nodes
        make: Any = self.graph.call_method if node.op == "call_method" else self.graph.call_function
        if all(self.lies[source] == PLAIN for source in sources):
            return make(what, *fx.node.map_arg((node.args, node.kwargs), self.values.__getitem__)), PLAIN
        if what == "size" or (what is getattr and node.args[1] == "shape"):
            return self._size(node), PLAIN
        examples = [source.meta["example"] for source in sources if self.lies[source] != PLAIN]
        if all(self.lies[source] != APART for source in sources) and all(one.dim() in (2, 4) for one in examples):
            rule = RULES.get(what)
            found = None if rule is None else rule(self.networks, *node.args, **node.kwargs)
            if found is not None:
                function, given = found[0], fx.node.map_arg(found[1:], self.values.__getitem__)
                return self.graph.call_function(function, given), FOLDED
            if what in FUNCTIONS and len({(one.dim(), one.shape[1]) for one in examples}) == 1:
                return make(what, *fx.node.map_arg((node.args, node.kwargs), self.values.__getitem__)), FOLDED
        args: Any
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), self._apart)
        if any(self.lies[source] != PLAIN for source in sources if source in node.kwargs.values()):
            raise NoStack(f"{what} is given a value by name")
        if what is operator.getitem and isinstance(examples[0], tuple):
            return make(what, args), APART
        name = what if isinstance(what, str) else getattr(what, "__name__", str(what))
        self.mapped.add(name)
        path = f"{name}_{len(self.layers)}"
        where = tree_map(lambda one: 0 if isinstance(one, fx.Node) and self.lies[one] != PLAIN else None, node.args)
        self.layers[path] = Mapped(what, where, kwargs)
        return self.graph.call_module(path, args), APART

    def _size(self, node: fx.Node) -> fx.Node:
        """Give the shape that a value has for one network."""
        source: Any
        source, *which = node.args
        networks = self.networks if self.lies[source] == FOLDED else None
        shape = self.graph.call_function(_shape, (self.values[source], networks))
        wants_all = node.target is getattr or not which
        return shape if wants_all else self.graph.call_function(operator.getitem, (shape, which[0]))

    def _apart(self, node: fx.Node) -> fx.Node:
        value = self.values[node]
        return self.graph.call_function(apart, (value, self.networks)) if self.lies[node] == FOLDED else value

    def _folded(self, node: Any) -> fx.Node:
        value = self.values[node]
        return self.graph.call_function(folded, (value,)) if self.lies[node] == APART else value


def _shape(x: Tensor, networks: int | None) -> tuple[int, ...]:
    """Give the shape that a value has for one network, of so many that are folded, or of some that are apart."""
    if networks is None:
        return tuple(x.shape[1:])
    return (x.shape[0], x.shape[1] // networks, *x.shape[2:])
