"""Building: a function of the user's that makes a network, run with given decisions and with weights or without."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from nasbed.core.errors import BadSetting
from nasbed.nets.deciding import Deciding
from nasbed.nets.own_file import beside, checksum_of, function_of, says

FRAME = {"classes": 10, "image_size": 32, "image_channels": 3}
"""What a function may take beside its decisions, as it is while these are sought."""

_CALLED = "with the decisions, as in def build(d)"


def shapes(network: nn.Module) -> list[tuple[str, tuple[int, ...] | None]]:
    """Return names and shapes of a network's tensors; None for those of layers that have seen no image yet."""
    tensors = network.state_dict(keep_vars=True).items()
    return [(name, None if is_lazy(one) else tuple(getattr(one, "shape", ()))) for name, one in tensors]


@dataclass(frozen=True)
class Builder:
    """A function that builds a network of the decisions that it asks for.

    Attributes:
        path: Its file.
        function: Its name.
        checksum: SHA-256 of the file, in hex.
    """

    path: Path
    function: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.function}"

    @property
    def code(self) -> Callable[..., Any]:
        """The function, whose file is run if it was not.

        Raises:
            BadSetting: When the file fails, has no such function, or is another than it was.
        """
        now = checksum_of(self.path)
        if now != self.checksum:
            raise BadSetting(
                f"{self.path} is not what it was when its decisions were found: its SHA-256 begins {now[:8]}, not "
                f"{self.checksum[:8]}. Put the earlier file back, or begin again with this one"
            )
        with says(str(self.path), self.path):
            return function_of(self.path, self.function, self.checksum, _CALLED)

    def build(self, deciding: Deciding, frame: Mapping[str, int]) -> nn.Module:
        """Build a network on the device that PyTorch makes tensors on.

        Args:
            deciding: Answers with decisions.
            frame: ``classes``, ``image_size`` and ``image_channels``, of which the function is given what it takes.

        Raises:
            BadSetting: When the function fails, returns no network, or takes anything else.
        """
        code = self.code
        wanted = list(inspect.signature(code).parameters.values())[1:]
        free = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
        needed = [one.name for one in wanted if one.default is one.empty and one.kind not in free]
        if unknown := [name for name in needed if name not in frame]:
            raise BadSetting(
                f"{self} takes {', '.join(unknown)}, which nasbed has not; beside its decisions it may take "
                f"{', '.join(frame)}, and what has a default"
            )
        given = {one.name: frame[one.name] for one in wanted if one.name in frame}
        try:
            with beside(self.path), says("", self.path):
                made = code(deciding, **given)
        except BadSetting as error:
            if error.__cause__ is None:
                raise
            raise BadSetting(f"{self}, with {deciding.text or 'nothing decided'},{error}") from error.__cause__
        if not isinstance(made, nn.Module):
            forgot = "; did it forget to return it?" if made is None else ""
            raise BadSetting(f"{self} must return a network, an nn.Module, not {type(made).__name__}{forgot}")
        return made

    def outline(
        self, deciding: Callable[[], Deciding], frame: Mapping[str, int], with_weights: bool = False
    ) -> tuple[Deciding, nn.Module]:
        """Build a network without weights, on the meta device; with them if its making computes with tensors.

        Nothing is drawn from PyTorch's generator.
        """
        first = deciding()
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is told of loading weights, which are not there
            torch.seed()  # another each time, so that what depends on it is seen to
            try:
                with torch.device("cpu" if with_weights else "meta"):
                    return first, self.build(first, frame)
            except BadSetting as error:
                if error.__cause__ is None or with_weights:
                    raise
        return self.outline(deciding, frame, True)
