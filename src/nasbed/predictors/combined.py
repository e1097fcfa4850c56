"""Several predictors in one: named by a text, each with the features that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.core.registry import predictors
from nasbed.core.spelling import joined, named
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.features import Beside, Features
from nasbed.predictors.kernel import Floats
from nasbed.predictors.targets import Targets, Transformation, targets


@dataclass(eq=False)
class Combined(EncodedPredictor):
    """Registered predictors, of which those that are installed count.

    A subclass has a setting that names them, divided by ``|``, each with settings if need be. They have its encoding,
    target and seed; where it has no target, each has what suits it.
    """

    def __post_init__(self) -> None:
        """See that each of them is there, and that each setting is of its type.

        Raises:
            UnknownName: When one is not registered.
            BadSetting: When none is installed, or a setting is not allowed.
        """
        super().__post_init__()
        self.installed  # noqa: B018 - names what is wrong

    @property
    def texts(self) -> list[str]:
        """What names each of them."""
        raise NotImplementedError

    def made(self, text: str) -> EncodedPredictor:
        """Return one of them, which has learned nothing.

        Raises:
            MissingExtra: When what it needs is not installed.
        """
        name, settings = named(text)
        if predictors.places()[name] == f"{type(self).__module__}:{type(self).__qualname__}":
            raise BadSetting(f"{name} is not made of itself; name others, such as gp|xgboost")
        own = {"space": self.space, "encoding": self.encoding, "target": self.target, "seed": self.seed}
        found: EncodedPredictor = predictors.make(name, joined(own, settings))
        return found

    @cached_property
    def installed(self) -> dict[str, EncodedPredictor]:
        """Those that are installed, by what names them."""
        found = dict[str, EncodedPredictor]()
        for text in self.texts:
            try:
                found[text] = self.made(text)
            except MissingExtra as error:
                self.lacking[text] = str(error)
        if not found:
            raise BadSetting(f"none of {'|'.join(self.texts)} is installed: {next(iter(self.lacking.values()))}")
        return found

    @cached_property
    def lacking(self) -> dict[str, str]:
        """Why the others are not there."""
        return {}

    @property
    def learns(self) -> Transformation:
        """What all of them learn; where they learn different targets, the values, of which each makes its own."""
        all_of = {one.learns for one in self.installed.values()}
        return all_of.pop() if len(all_of) == 1 else "standardised"

    def read_from(self, own: Features) -> Features:
        """Return what those that are installed read: most often the same, else each its own, side by side."""
        each = [one.read_from(own) for one in self.installed.values()]
        return own if all(one is own for one in each) else Beside(each)

    def fresh(self, text: str) -> EncodedPredictor:
        """Return one that has learned nothing, and need not make its features anew."""
        found = self.made(text)
        found.__dict__["features"] = self.features.of(list(self.installed).index(text))
        return found

    def taught(
        self, text: str, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]] | None = None
    ) -> EncodedPredictor:
        """Return one of them, which has learned its targets of some values, or has taken back what it learned of them.

        It reads its own of the numbers, and its ``targets_`` lead back to these values.
        """
        one, read = self.fresh(text), self.read(text, numbers)
        one.targets_ = Targets(values, np.asarray) if one.learns == self.learns else targets(values, one.learns)
        if learned is None:
            one.fit_numbers(read, one.targets_.values)
        else:
            one.take_back(read, one.targets_.values, learned)
        return one

    def read(self, text: str, numbers: Floats) -> Floats:
        """Return which of the numbers one of them reads."""
        return self.features.part(list(self.installed).index(text), numbers)
