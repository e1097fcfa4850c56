"""The blueprint of model spaces: the user's function, run with the decisions of a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture, NotNamed
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Layer, together

if TYPE_CHECKING:
    from torch import nn

    from nasbed.nets.building import Builder
    from nasbed.nets.deciding import Deciding
    from nasbed.nets.written import WrittenBlueprint

Positions = tuple[tuple[str, int], ...]
"""The position of the value of each decision that is asked for."""


@dataclass(frozen=True)
class ModelBlueprint(Blueprint):
    """The networks that a function of the user's builds; see ``nasbed.nets.model_file``.

    Repeats of an architecture train side by side, where its layers can be stacked. Layers are what one image goes
    through, counted without computing; what functions compute, such as attention's products, is no layer.
    """

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row with its weights; lazy layers are given one image.

        Raises:
            NotNamed: When the space is from a table or a history, and nobody named its file.
            BadSetting: When the file is another than it was, or its function fails.
            InvalidArchitecture: When it asks for another decision than was found, or cannot read images.
        """
        builder, positions = self._builder, self._positions(row)
        _outlined(builder, positions, self._frame)
        deciding = _deciding(builder, positions)()
        made = builder.build(deciding, dict(self._frame))
        _check_asked(builder, deciding, positions)
        _materialised(made, self._frame)
        return made

    @property
    def written(self) -> WrittenBlueprint:
        """Raise: what a decision changes is only in the user's code.

        Raises:
            BadSetting: Always.
        """
        raise BadSetting(
            f"the space {self.space.name} has no supernet: its decisions are numbers in your Python code, so nothing "
            "says which layers they choose between. Write it in the notation of nasbed.spaces, with "
            "choice(op(A), op(B)) where layers are chosen and op(A, width=choice(16, 32)) where settings are; A and B "
            "may be classes of your own (docs/spaces.md)"
        )

    def layers(self, rows: Archs) -> list[Layer]:
        """List the layers of each row's network, those alike together, with how often each network has one."""
        return together(self._outline(row)[1] for row in rows)

    def parameters(self, rows: Archs) -> NDArray[np.int64]:
        """Count the trainable numbers of each row's network, ``(n,)``, those outside of layers, too."""
        return np.array([self._outline(row)[0] for row in rows], np.int64)

    def group(self, rows: Archs) -> list[Hashable]:
        """Return the same for rows of one architecture."""
        return [row.tobytes() for row in np.ascontiguousarray(self.space.canonical(rows))]

    def _outline(self, row: Archs) -> tuple[int, tuple[Layer, ...]]:
        return _outlined(self._builder, self._positions(row), self._frame)

    @property
    def _frame(self) -> Positions:
        return tuple((name, value) for name, value in self.settings().items())

    def _positions(self, row: Archs) -> Positions:
        space: Any = self.space.whole
        return tuple(space.asked(np.asarray(row, np.int8)).items())

    @property
    def _builder(self) -> Builder:
        from nasbed.nets.building import Builder

        space: Any = self.space.whole
        if space.place is None:
            raise NotNamed(
                f"the networks of {space.name} are made by the code of {space.model}, which is run only where its file "
                f"is named: give the space as FOLDER/{space.model}"
            )
        return Builder(space.place, space.model.partition(":")[2], space.checksum)


@lru_cache(maxsize=4096)
def _outlined(builder: Builder, positions: Positions, frame: Positions) -> tuple[int, tuple[Layer, ...]]:
    """Return how many trainable numbers a network has, and its layers, without its weights.

    Raises:
        InvalidArchitecture: When it cannot read an image, or does not give a number for each class.
    """
    import torch

    failed: Exception | None = None
    for with_weights in (False, True):  # some cannot compute without
        with torch.random.fork_rng(devices=[]):
            deciding, made = builder.outline(_deciding(builder, positions), dict(frame), with_weights)
            _check_asked(builder, deciding, positions)
            try:
                return _looked_at(made, dict(frame))
            except _NoClasses as error:
                raise InvalidArchitecture(f"{builder}, with {deciding.text}, {error}") from None
            except Exception as error:  # the code is anyone's
                failed = error
    wanted = dict(frame)
    size, colours = wanted["image_size"], wanted["image_channels"]
    raise InvalidArchitecture(
        f"the network that {builder} makes of {deciding.text} cannot read images of {colours} × {size} × {size}: "
        f"{type(failed).__name__}: {failed!s:.300}. It may take their size: "
        f"def {builder.function}(d, classes, image_size, image_channels)"
    ) from failed


class _NoClasses(Exception):
    """What a network gives is no number for each class."""


def _looked_at(network: nn.Module, frame: dict[str, int]) -> tuple[int, tuple[Layer, ...]]:
    import torch

    from nasbed.nets.counting import observed_layers

    network.eval()
    with torch.no_grad():
        output = network(_image(network, frame))
    if not isinstance(output, torch.Tensor) or len(output) != 1:
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise _NoClasses(f"must give a tensor with one row for each image; for one image it gives {shape}")
    if output.dim() == 2 and output.shape[1] != frame["classes"]:
        raise _NoClasses(
            f"gives {output.shape[1]} numbers for an image; there are {frame['classes']} classes or targets. Let it "
            "take them, def build(d, classes), and end with nn.Linear(…, classes)"
        )
    layers = observed_layers(network, frame["image_size"], frame["image_channels"])
    return sum(one.numel() for one in network.parameters() if one.requires_grad), tuple(layers)


def _image(network: nn.Module, frame: dict[str, int]) -> Any:
    import torch

    device = next((one.device for one in network.parameters()), torch.device("cpu"))
    return torch.zeros(1, frame["image_channels"], frame["image_size"], frame["image_size"], device=device)


def _materialised(network: nn.Module, frame: Positions) -> None:
    """Let lazy layers see an image, from which they have their shapes."""
    import torch
    from torch.nn.parameter import is_lazy

    if any(is_lazy(one) for one in network.parameters()):
        with torch.no_grad():
            network.eval()(_image(network, dict(frame)))
        network.train()


def _deciding(builder: Builder, positions: Positions) -> Callable[[], Deciding]:
    """Return what makes an argument that answers with these decisions, and refuses others."""
    from nasbed.nets.deciding import Deciding

    def make() -> Deciding:
        made: Deciding

        def other(name: str, count: int) -> NoReturn:
            raise _unforeseen(builder, made, f"asks for {name!r}")

        made = Deciding(str(builder), {}, dict(positions), other)
        return made

    return make


def _check_asked(builder: Builder, deciding: Deciding, positions: Positions) -> None:
    """See that a function asked for all that was found."""
    if lost := [name for name, _ in positions if name not in deciding.asked]:
        raise _unforeseen(builder, deciding, f"does not ask for {', '.join(map(repr, lost[:3]))}")


def _unforeseen(builder: Builder, deciding: Deciding, does: str) -> InvalidArchitecture:
    return InvalidArchitecture(
        f"{builder}, with {deciding.text}, {does}, unlike all that was built when its decisions were sought. That may "
        "not depend on chance, on time or on the size of images. If it does not, list an architecture that leads "
        f"there, in the file, and begin again: {builder.function}.examples = [{deciding.text!r}]"
    )
