"""A comparison as a folder: figures, tables, histories, and what was run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.checked import write_json
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.files import slug
from nasbed.report.figures import course, drawn, outcome, prepared, written
from nasbed.report.latex import comma_separated, latex
from nasbed.report.latex import markdown as table
from nasbed.report.words import summary
from nasbed.run.history import Metric
from nasbed.statistics.anytime import anytime_areas
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.curse import winners_curse
from nasbed.statistics.equivalence import equivalences
from nasbed.statistics.fresh import fresh_seed
from nasbed.statistics.improvement import improvements
from nasbed.statistics.interquartile import interquartile_means
from nasbed.statistics.likeness import info_names
from nasbed.statistics.needed import runs_needed
from nasbed.statistics.profiles import optimality_gaps, performance_profiles
from nasbed.statistics.random_search import recorded
from nasbed.statistics.ranks import average_ranks
from nasbed.statistics.ranks_signed import signed_ranks
from nasbed.statistics.reading import COMPARISON
from nasbed.statistics.relative import relative_improvements
from nasbed.statistics.statistic import Statistic, known
from nasbed.statistics.summary import on_both_scales
from nasbed.statistics.targets import times_to_targets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OWN = ("optimizer", "settings")  # of each search; all else is shared
_POINTS = 100  # of a reference's course, along a linear and along a logarithmic axis each


def save(comparison: Comparison, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Write everything; see ``Comparison.save``."""
    histories, statistics = door(folder, forms)
    paths = []
    for name, figure in _figures(comparison):
        paths += drawn(figure, folder, name, forms)
    paths.append(written(folder / "summary.csv", comparison.frame().to_csv(lineterminator="\n")))
    paths.append(written(folder / "summary.md", markdown(comparison)))
    caption = " ".join([comparison.separated().sentence(), *comparison.warnings])
    paths.append(written(folder / "summary.tex", latex(summary(comparison), caption, "tab:summary")))
    paths += save_statistics(comparison, statistics, forms)
    for label, name in _file_names(comparison).items():
        paths.append(comparison.histories[label].to_parquet(histories / f"{name}.parquet"))
    paths.append(write_json(folder / COMPARISON, about(comparison), indent=2))
    return paths + ([] if comparison.again is None else save(comparison.again, folder / "fresh-seed", forms))


def door(folder: Path, forms: Sequence[str]) -> tuple[Path, Path]:
    """See that a comparison can be saved, before it is played; make its folders of histories and of statistics.

    Raises:
        BadSetting: For a form that there is not, where nothing can be written, or where a study is.
        MissingExtra: When what draws or tabulates is not installed.
    """
    for needed in ("matplotlib", "pandas"):
        require(needed, "report")
    if (folder / "study.json").exists():
        raise BadSetting(f"{folder} holds a study; give this comparison a folder of its own")
    histories, statistics = (prepared(folder / name, forms) for name in ("histories", "statistics"))
    return histories, statistics


def about(comparison: Comparison) -> dict[str, Any]:
    """Give what was run and what came of it, JSON-able: enough to run it again and to cite it."""
    infos = {label: history.info for label, history in comparison.histories.items()}
    own = [*_OWN, *info_names(comparison.differences)]
    shared = {name: value for name, value in next(iter(infos.values())).items() if name not in own}
    files = _file_names(comparison)
    return {
        **shared,
        **({} if comparison.command is None else {"command": comparison.command}),
        **({"differing": sorted(comparison.differing)} if comparison.differing else {}),
        "runs": comparison.runs,
        "optimizers": {
            label: {name: info.get(name) for name in own} | {"history": f"histories/{files[label]}.parquet"}
            for label, info in infos.items()
        },
        "optimum": dict(zip(("mean_validation", "test"), (known(x) for x in comparison.optimum), strict=True)),
        "random_mean": known(comparison.normaliser),
        "summary": comparison.summary(),
        "separation": comparison.separated().as_dict(),
        "warnings": comparison.warnings,
        **({} if comparison.again is None else {"fresh_seed": fresh_seed(comparison).as_dict()}),
        **_reference(comparison),
    }


def _reference(comparison: Comparison) -> dict[str, Any]:
    """Give the expected course of random search as far as the searches went, where it is known."""
    if comparison.reference is None:
        return {}
    end = max(float(history.clock("evaluations")[-1].max()) for history in comparison.histories.values())
    at = np.unique(np.round(on_both_scales(1, end, _POINTS)))
    return {"reference": recorded(comparison.reference, at).as_dict()}


def markdown(comparison: Comparison) -> str:
    """Write the summary as a Markdown table, with what it rests on below."""
    notes = [comparison.separated().sentence(), *(f"Warning: {warning}" for warning in comparison.warnings)]
    differ = f", {comparison.studied} differing" if comparison.studied else ""
    title = f"# {comparison.benchmark}, {comparison.runs:,} runs{differ}"
    return "\n\n".join([title, table(summary(comparison)).rstrip(), *notes]) + "\n"


def _figures(comparison: Comparison) -> Iterator[tuple[str, Figure]]:
    """Draw what can be drawn: the figures of test results only where there are any."""
    yield "validation", course(comparison, "validation")
    if comparison.metric == "test":
        metric: Metric = "test" if np.isnan(comparison.optimum[1]) else "test-regret"
        yield f"{metric}-by-evaluations", course(comparison, metric)
        yield f"{metric}-by-seconds", course(comparison, metric, "seconds")
    yield "final", outcome(comparison, comparison.metric)


def _file_names(comparison: Comparison) -> dict[str, str]:
    """Give each label a file name of its own, of harmless characters."""
    names: dict[str, str] = {}
    for label in comparison.histories:
        stem = slug(label, "search")
        taken, name, number = {other.lower() for other in names.values()}, stem, 2
        while name.lower() in taken:
            name, number = f"{stem}-{number}", number + 1
        names[label] = name
    return names


_KEPT: tuple[Callable[[Comparison], Statistic], ...] = (
    Comparison.separated,
    interquartile_means,
    optimality_gaps,
    performance_profiles,
    relative_improvements,
    anytime_areas,
    average_ranks,
    improvements,
    signed_ranks,
    equivalences,
    runs_needed,
    times_to_targets,
    winners_curse,
    fresh_seed,
)
"""How each statistic is found; its files are named as its figure is."""


def save_statistics(comparison: Comparison, folder: Path, forms: Sequence[str]) -> Iterator[Path]:
    """Write what there is of each statistic, and give the paths of ``NAME.csv``, ``.md``, ``.tex`` and its figures.

    Args:
        comparison: Of what.
        folder: Where to; it must exist.
        forms: Of the figures.
    """
    for find in _KEPT:
        try:
            found = find(comparison)
        except BadSetting:  # one that has to be given a margin or a goal where values are no accuracies
            continue
        if found.missing:
            continue
        name = found.figure
        yield written(folder / f"{name}.csv", comma_separated(found))
        yield written(folder / f"{name}.md", f"{table(found)}\n{found.sentence()}\n")
        yield written(folder / f"{name}.tex", latex(found, label=f"tab:{name}"))
        yield from drawn(found.plot(), folder, name, forms)
