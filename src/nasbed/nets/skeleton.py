"""Skeleton: the fixed frame that repeats a searched module.

A stem convolution, then stacks of modules; between two stacks the image halves and the channels double; at the end
global average pooling and one dense layer. Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from nasbed.core.errors import BadSetting


@dataclass(frozen=True)
class Skeleton:
    """How wide and deep a network is, and what goes in and out; the defaults are the published ones.

    Attributes:
        stem_channels: Channels after the stem convolution, and in the first stack.
        stacks: How many stacks of modules; each after the first halves the image and doubles the channels.
        modules_per_stack: How many modules a stack repeats.
        classes: How many classes are told apart.
        image_size: Height and width of an image, in pixels.
        image_channels: Colours of an image.
    """

    stem_channels: int = 128
    stacks: int = 3
    modules_per_stack: int = 3
    classes: int = 10
    image_size: int = 32
    image_channels: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise BadSetting(f"a skeleton's {field.name} must be a positive integer, not {value!r}")
        if self.image_size >> (self.stacks - 1) < 1:
            raise BadSetting(
                f"{self.stacks} stacks halve an image of {self.image_size} pixels {self.stacks - 1} times, to nothing; "
                f"use at most {self.image_size.bit_length()} stacks"
            )

    @property
    def module_channels(self) -> list[tuple[int, int]]:
        """Input and output channels of every module, in order."""
        pairs, channels = [], self.stem_channels
        for stack in range(self.stacks):
            for _ in range(self.modules_per_stack):
                pairs.append((channels, self.stem_channels << stack))
                channels = self.stem_channels << stack
        return pairs

    @property
    def final_channels(self) -> int:
        """Channels of the last stack, which the dense layer reads."""
        return self.stem_channels << (self.stacks - 1)

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as JSON-able values; ``Skeleton(**…)`` makes it again."""
        return asdict(self)


NASBENCH101 = Skeleton()
"""The published skeleton, for CIFAR-10."""

DIGITS = Skeleton(stem_channels=8, stacks=2, modules_per_stack=1, image_size=8, image_channels=1)
"""A small one for 8×8 grey images; ``digits101`` was trained in it (``recipe.DIGITS`` says how it was chosen)."""
