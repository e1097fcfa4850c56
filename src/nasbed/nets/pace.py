"""Pace: a pass run in stretches of a fraction of a second, so that somebody can look up between them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from nasbed.nets.passes import Pass


@dataclass
class Pace:
    """Finds how many steps take about so long.

    Attributes:
        seconds: How long a stretch shall be; one step is the least.
        steps: How many steps the next one has.
    """

    seconds: float = 0.25
    steps: int = 1

    def run(self, training: Pass, until: int) -> None:
        """Go on for one stretch, but not beyond a number of steps."""
        made, began = training.made, time.monotonic()
        training.run(min(until, made + self.steps))
        took = max(time.monotonic() - began, 1e-9)
        self.steps = max(1, min(2 * self.steps, round((training.made - made) * self.seconds / took)))
