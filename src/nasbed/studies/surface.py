"""Surface: what a sweep over two settings comes to, as a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.report.figures import drawing
from nasbed.report.latex import comma_separated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = (4.4, 5.4)  # inches, high and wide


@dataclass(frozen=True, eq=False)
class Grid(Printed):
    """A metric over two settings.

    Attributes:
        x: The name of the one setting.
        y: The name of the other.
        metric: What was measured.
        at_x: The values of x, ascending, ``(columns,)``.
        at_y: The values of y, ascending, ``(rows,)``.
        mean: Means over runs, ``(rows, columns)``; NaN where nothing was played.
        low: Lower ends of their 95 % intervals, likewise; NaN where a mean has none, as of fewer than 50 runs.
        high: Upper ends.
        measure: What the metric's numbers are; see ``Benchmark.measure``.
    """

    x: str
    y: str
    metric: str
    at_x: NDArray[np.float64]
    at_y: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    measure: str = "accuracy"

    @property
    def factor(self) -> float:
        """What numbers are multiplied with to be shown: accuracies in percent, anything else as it is."""
        return 100.0 if self.measure == "accuracy" else 1.0

    @property
    def words(self) -> str:
        """What the metric is called, and of what it is where that is no accuracy."""
        words = self.metric.replace("-", " ")
        return words if self.factor == 100 else f"{words}, {self.measure}"

    @property
    def best(self) -> tuple[float, float, float]:
        """Give x, y and the mean where it is best: a regret where it is least, an accuracy where it is most."""
        shown = self.mean if self.metric.endswith("regret") else -self.mean
        row, column = np.unravel_index(int(np.nanargmin(shown)), shown.shape)
        return float(self.at_x[column]), float(self.at_y[row]), float(self.mean[row, column])

    @property
    def as_good(self) -> tuple[int, int]:
        """Give at how many points the 95 % interval reaches the best mean, and how many points have one.

        The best of many noisy means is partly luck; where this is most of them, the surface is flat as far as one sees.
        """
        _, _, mean = self.best
        with np.errstate(invalid="ignore"):
            reach = self.low <= mean if self.metric.endswith("regret") else self.high >= mean
        return int(reach.sum()), int((~np.isnan(self.low)).sum())

    def sentence(self) -> str:
        """Say where it is best, and how far that is beyond doubt."""
        x, y, mean = self.best
        reaching, known = self.as_good
        points = int((~np.isnan(self.mean)).sum())
        shown = f"{100 * mean:.2f}" if self.factor == 100 else f"{mean:.4g}"
        where = f"{self.x} {x:g}, {self.y} {y:g}".replace("_", " ")
        if not known:
            said = f"the runs give none of the {points:,} means an interval, and the best of so many is partly luck"
        else:
            of = f"the {known:,} of {points:,} points that have one" if known < points else f"{points:,} points"
            said = f"at {reaching:,} of {of} the 95 % interval reaches as far"
        return f"best at {where}: {self.words} {shown}; {said}"

    def csv(self) -> str:
        """Write a row for each point that was played."""
        names = [self.x, self.y, self.metric, f"{self.metric}-low", f"{self.metric}-high"]
        rows = []
        for row, column in zip(*np.nonzero(~np.isnan(self.mean)), strict=True):
            point = f"{self.at_x[column]:g}", f"{self.at_y[row]:g}"
            values = [float(of[row, column]) for of in (self.mean, self.low, self.high)]
            rows.append([*point, *("" if np.isnan(value) else repr(value) for value in values)])
        return comma_separated((names, rows))


def grid_of(rows: Sequence[Mapping[str, Any]], x: str, y: str, metric: str, measure: str = "accuracy") -> Grid:
    """Lay the rows of a study's summary out over two of its columns.

    Raises:
        BadSetting: When the study does not vary the two, or a point has two rows: a third setting varies as well.
    """
    rows = [row for row in rows if row.get(x) is not None and row.get(y) is not None]
    for key in (x, y):
        if not rows or not all(isinstance(row[key], int | float) for row in rows):
            raise BadSetting(f"the surface: no searches vary {x!r} and {y!r} in numbers")
    at_x, at_y = (np.unique([float(row[key]) for row in rows]) for key in (x, y))
    mean, low, high = (np.full((len(at_y), len(at_x)), np.nan) for _ in range(3))
    taken = np.zeros(mean.shape, np.bool_)
    for row in rows:
        place = int(np.searchsorted(at_y, row[y])), int(np.searchsorted(at_x, row[x]))
        if taken[place]:
            raise BadSetting(f"the surface: several searches have {x} {row[x]} and {y} {row[y]}; vary these two alone")
        taken[place] = True
        numbers = [row[metric], row[f"{metric}-low"], row[f"{metric}-high"]]
        mean[place], low[place], high[place] = (np.nan if number is None else number for number in numbers)
    return Grid(x, y, metric, at_x, at_y, mean, low, high, measure)


def draw(grid: Grid, title: str) -> Figure:
    """Draw a heat map; lighter is better, and the best point is marked."""
    with drawing(*_SIZE) as (figure, axes):
        regret = grid.metric.endswith("regret")
        shown = np.ma.masked_invalid(grid.mean * grid.factor)
        # A few bad corners do not hide the rest.
        bottom, top = np.nanquantile(grid.mean * grid.factor, (0.0, 0.98) if regret else (0.02, 1.0)).tolist()
        colours = "viridis_r" if regret else "viridis"
        mesh = axes.pcolormesh(
            _edges(grid.at_x), _edges(grid.at_y), shown, cmap=colours, vmin=bottom, vmax=max(top, bottom + 1e-9)
        )
        mesh.set_rasterized(shown.size > 2000)  # thousands of rectangles make a file that no viewer likes
        unit = "" if grid.factor == 1 else " (percentage points)" if regret else " (%)"
        extend = "max" if shown.max() > top else "min" if shown.min() < bottom else "neither"
        figure.colorbar(mesh, ax=axes, extend=extend, label=f"final {grid.words}{unit}")
        x, y, _ = grid.best
        axes.plot(x, y, marker="+", color="#D55E00", markersize=9, markeredgewidth=1.8)
        axes.set(xlabel=grid.x.replace("_", " "), ylabel=grid.y.replace("_", " "), title=title)
        axes.grid(visible=False)
        figure.supxlabel("+ " + grid.sentence().replace("; ", "\n"), fontsize=8)
        return figure


def _edges(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the borders between points, and one beyond either end."""
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    middle = (at[1:] + at[:-1]) / 2
    return np.concatenate([[at[0] - (middle[0] - at[0])], middle, [at[-1] + (at[-1] - middle[-1])]])
