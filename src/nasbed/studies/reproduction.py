"""Reproduction: a published study played again, its figures beside ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.executor import resolved
from nasbed.core.printing import Printed

STUDIES = {
    "nasbench201-baselines": "nasbed.studies.nasbench201_baselines:baselines",
    "guided-nasbench201": "nasbed.studies.nasbench201_guided:guided",
    "predictors-nasbench201": "nasbed.studies.nasbench201_predictors:predictors201",
    "predictors-nasbench101": "nasbed.studies.nasbench101_predictors:predictors101",
    "oneshot-nasbench201": "nasbed.studies.nasbench201_oneshot:oneshot",
    "digits101-card": "nasbed.studies.digits101_card:card",
}
"""What can be reproduced, and where."""

Progress = Callable[[float], None]
_ROUNDING = 1e-9  # a difference of exactly the tolerance is within it


class Spreads(NamedTuple):
    """Deviations behind two means.

    Attributes:
        ours: Behind ours.
        published: Behind the published.
    """

    ours: float | None = None
    published: float | None = None


_NONE = Spreads()


@dataclass(frozen=True)
class Line:
    """One figure.

    Attributes:
        what: It is of this.
        ours: What came out here; None where only a published figure is known.
        published: What was published; None where there is nothing to compare with.
        tolerance: By how much they may differ; None where they are not of the same thing, and are not compared.
        part: The part of the study that it belongs to.
        spreads: Deviations, where figures are means; they may differ by as much.
        remark: What one should know of ours.
    """

    what: str
    ours: float | None
    published: float | None
    tolerance: float | None
    part: str = ""
    spreads: Spreads = _NONE
    remark: str = ""

    @property
    def compared(self) -> bool:
        """Whether there are two figures of the same thing."""
        return None not in (self.ours, self.published, self.tolerance)

    @property
    def difference(self) -> float | None:
        """Ours less the published."""
        return None if self.ours is None or self.published is None else self.ours - self.published

    @property
    def within(self) -> bool:
        """Whether they differ by no more than they may; what is not a number does not agree with anything."""
        pairs = [(self.ours, self.published), self.spreads]
        return not self.compared or all(
            abs(ours - published) <= (self.tolerance or 0.0) + _ROUNDING
            for ours, published in pairs
            if ours is not None and published is not None
        )


@dataclass(frozen=True)
class Reproduction(Printed):
    """A published study, played again.

    Attributes:
        name: In ``STUDIES``.
        title: What was studied, in a sentence.
        source: Where the published figures are from.
        unit: Of all figures.
        digits: How many of them after the point are worth printing.
        lines: The figures.
        notes: What one should know: how it was played, and what is known to differ.
        about: What was run, for whom it may concern: versions, checksums, seed.
    """

    name: str
    title: str
    source: str
    unit: str
    digits: int
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    about: dict[str, Any]

    @property
    def compared(self) -> tuple[Line, ...]:
        """The figures that are compared."""
        return tuple(line for line in self.lines if line.compared)

    @property
    def within(self) -> bool:
        """Whether every figure that is compared is within its tolerance."""
        return all(line.within for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "unit": self.unit,
            "within": self.within,
            "lines": [
                {
                    **vars(line),
                    "spreads": line.spreads._asdict(),
                    "difference": line.difference,
                    "within": line.within if line.compared else None,
                }
                for line in self.lines
            ],
            "notes": list(self.notes),
            "about": self.about,
        }


def reproduce(
    name: str,
    *,
    data: str | Path | None = None,
    runs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Reproduction:
    """Play a published study again.

    Args:
        name: One of ``STUDIES``.
        data: The published results that it needs, where it needs any and they are not imported.
        runs: Repetitions; as many as were published if not given.
        seed: Of the whole study.
        progress: Called now and then with the share done.

    Raises:
        UnknownName: When there is no such study.
        BadSetting: When results that it needs are not there, with how to get them; when there are no runs.
    """
    if name not in STUDIES:
        raise UnknownName("published study", name, STUDIES)
    if runs is not None and runs < 2:
        raise BadSetting(f"a mean with its error takes 2 runs at least, not {runs}")
    found: Reproduction = resolved(STUDIES[name])(data, runs, seed, progress or (lambda share: None))
    return found


def described(name: str) -> str:
    """Say what a published study is, in a sentence."""
    said = resolved(STUDIES[name]).__doc__ or ""
    return said.strip().split("\n")[0]
