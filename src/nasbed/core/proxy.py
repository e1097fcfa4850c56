"""Proxy: how good does an untrained network look?"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from nasbed.core.bounds import check_settings
from nasbed.core.meaning import Configured
from nasbed.core.spelling import spelled

WORST = -1e8
"""What a network gets whose score is no finite number: below every score that was ever published. The published code of
NAS-Bench-Suite-Zero (``naslib/predictors/zerocost.py``) gives the same."""


class Proxy(Configured, ABC):
    """A score of an untrained network; higher is better.

    A subclass is a frozen dataclass whose fields are its settings, which are held against their types. Its file says
    what it needs, in which mode, from which initialisation, in which precision and with which sign, and whose
    definition it follows. It is called with a ``nasbed.proxies.probe.Probe``, which it leaves as found.

    Attributes:
        name: What it is called, as in the registry.
        data: Whether the images' values matter; otherwise only their shape does.
        labels: Whether it needs the images' classes.
        backward: Whether it needs gradients.
    """

    name: ClassVar[str]
    data: ClassVar[bool] = True
    labels: ClassVar[bool] = True
    backward: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """See that each setting is of its field's type; a subclass that has more to see calls this first.

        Raises:
            BadSetting: When one is not.
        """
        check_settings(self)

    @abstractmethod
    def measure(self, probe: Any) -> float:
        """Score the probe's network on the probe's batch; what is not finite may be returned as it is."""

    def __call__(self, probe: Any) -> float:
        """Score the probe's network on the probe's batch, and leave it as found.

        Returns:
            A finite number, ``WORST`` where the definition gives none.

        Raises:
            BadSetting: When the probe has no labels and they are needed.
        """
        value = float(self.measure(probe))
        return value if math.isfinite(value) else WORST

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}  # type: ignore[arg-type]

    @property
    def label(self) -> str:
        """The name, with the settings that are not the usual ones, as one types it: ``naswot:variant=notebook``."""
        unusual = {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)  # type: ignore[arg-type]
            if f.init and getattr(self, f.name) != f.default
        }
        return spelled(self.name, unusual)
