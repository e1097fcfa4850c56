"""The card of a table that nasbed trained: how it was made, what its accuracies are worth, whether searches separate.

A card is a function of the table alone. ``make_digits101.py`` and ``make_digits201.py`` write those of the package's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from nasbed.benchmarks.table import TableBenchmark
from nasbed.report.figures import course, style
from nasbed.run.history import Metric
from nasbed.run.settings import SearchSettings
from nasbed.statistics.comparison import Comparison, compare
from nasbed.tables.table import Table

RUNS, EVALUATIONS = 500, 150
QUANTILES = {"minimum": 0.0, "quartile": 0.25, "median": 0.5, "third quartile": 0.75, "99 %": 0.99, "maximum": 1.0}
METRICS: tuple[Metric, ...] = ("test", "mean-validation")
_NOUNS = ("splits", "skeleton", "recipe")


@dataclass(frozen=True)
class Accuracies:
    """What was measured of every architecture.

    Attributes:
        epochs: After how many epochs, ascending, ``(moments,)``.
        validation: Validation accuracies, ``(architectures, moments, repeats)``.
        test: Test accuracies, ``(architectures, moments, repeats)``; NaN where they were not measured.
        seconds: What training took until then, ``(architectures, moments, repeats)``.
        parameters: Trainable parameters, ``(architectures,)``.
        words: What an architecture is called, in the plural: ``modules``.
    """

    epochs: tuple[int, ...]
    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    seconds: NDArray[np.float64]
    parameters: NDArray[np.int64]
    words: str


def write_card(
    path: Path,
    table: Table,
    intro: str,
    measured: Accuracies,
    searches: Sequence[str],
    limits: Sequence[str],
    by_hand: str = "",
) -> None:
    """Write a card and, beside it, its figure.

    Args:
        path: The page. What it has from the line ``by_hand`` on is kept.
        table: The table.
        intro: What the table is, a paragraph.
        measured: Its accuracies.
        searches: Names of the optimizers that are compared on it.
        limits: What the table is not, a sentence each.
        by_hand: A heading.
    """
    name = path.stem
    settings = SearchSettings(evaluations=EVALUATIONS, runs=RUNS)
    played = compare(tuple(searches), TableBenchmark(table, name), settings)
    picture = path.with_suffix(".svg")
    with style():
        course(played, "test-regret").savefig(picture, metadata={"Date": None})
    sections = [f"# {name}", intro, *card(table, measured, played, picture.name, limits)]
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = before[before.index(f"{by_hand}\n") :] if by_hand and f"{by_hand}\n" in before else ""
    path.write_text("\n\n".join(sections) + "\n" + (f"\n{kept}" if kept else ""), encoding="utf-8")
    print(f"{path}\n{picture}")


def card(table: Table, measured: Accuracies, searches: Comparison, picture: str, limits: Sequence[str]) -> list[str]:
    """Return the sections of what one should know before believing a table.

    Args:
        table: The table.
        measured: Its accuracies.
        searches: A comparison of searches on it.
        picture: The name of their figure.
        limits: What the table is not, a sentence each.
    """
    made, epochs, words = table.provenance, measured.epochs, measured.words
    validation, test = measured.validation, measured.test
    means, times = np.nanmean(validation, axis=2), np.nanmean(measured.seconds, axis=2)
    tested = [b for b in range(len(epochs)) if np.isfinite(test[:, b]).any()]
    tests = np.full(means.shape, np.nan)
    tests[:, tested] = np.nanmean(test[:, tested], axis=2)
    return [
        "## How it was made",
        listing(origin(made, table.path.stat().st_size)),
        "The results follow from the settings and the seed alone; another kind of processor or another version of "
        "PyTorch may round differently and lead elsewhere. Times are measured, and include what else the machine did.",
        "## Accuracies",
        f"Validation accuracy of the {words}, mean of {validation.shape[2]} repeats:",
        rows(["epochs", *QUANTILES], spread(epochs, means)),
        "Test accuracy, likewise:",
        rows(["epochs", *QUANTILES], spread([epochs[b] for b in tested], tests[:, tested])),
        f"## How well they tell {words} apart",
        f"Spearman's rank correlation over all {words}. *Repeats*: validation accuracy of one repeat with another, "
        "mean of all pairs. *Test*: mean validation with mean test accuracy at the end. *Parameters*, *time*: mean "
        "validation accuracy with the number of parameters and with the training time. *End*: with mean validation "
        "accuracy at the end. *Noise*: standard deviation between the repeats of one, root mean square, beside the "
        "standard deviation between the means of all.",
        rows(
            ["epochs", "repeats", "test", "parameters", "time", "end", "noise", "between"],
            [
                [
                    str(after),
                    f"{between_repeats(validation[:, b]):.3f}",
                    *(
                        f"{rank(means[:, b], other):.3f}"
                        for other in (tests[:, -1], measured.parameters, times[:, b], means[:, -1])
                    ),
                    f"{noise(validation[:, b]):.4f}",
                    f"{np.nanstd(means[:, b], ddof=1):.4f}",
                ]
                for b, after in enumerate(epochs)
            ],
        ),
        best(measured),
        "## Whether searches separate on it",
        f"{RUNS} runs of each search with its default settings, {EVALUATIONS} evaluations of {epochs[-1]} epochs, of "
        "which each is told one repeat. Test accuracy is the mean of the repeats of what the search then thinks best; "
        "its band is the 95 % interval of the mean over runs.",
        rows(
            ["search", "test accuracy", "from", "to", "test regret, points", "found the best by validation"],
            [
                [
                    row["optimizer"],
                    f"{row['test']:.5f}",
                    *(f"{edge:.5f}" for edge in band(searches, row["optimizer"])),
                    f"{100 * row['test_regret']:.3f}",
                    f"{100 * row['optimum_found']:.1f} %",
                ]
                for row in searches.summary()
            ],
        ),
        f"![Test regret against evaluations]({picture})",
        f"From which evaluation on, to the {EVALUATIONS}th, the bands of two searches do not overlap; – where they do "
        "at the end. Last, by how much the one is better in the end, in points of test accuracy, run for run, with the "
        "interval that holds for all pairs together.",
        rows(["searches", "test accuracy", "validation accuracy", "better", "by", "±"], pairs(searches)),
        verdict(searches, noise(test[:, -1])),
        "## Limits",
        "\n".join(f"- {limit}" for limit in (few_images(made["splits"]["validation"], measured), *limits)),
    ]


def best(measured: Accuracies) -> str:
    """Say which is best, and whether the best hundredth differ by more than chance."""
    test = np.nanmean(measured.test[:, -1], axis=1)
    validation = np.nanmean(measured.validation[:, -1], axis=1)
    error = noise(measured.test[:, -1]) / np.sqrt(measured.test.shape[2])
    first = np.sort(test[np.isfinite(test)])[-max(2, len(test) // 100) :]
    return (
        f"The best by mean test accuracy has {test[np.nanargmax(test)]:.4f} there and "
        f"{validation[np.nanargmax(test)]:.4f} in validation; the best by mean validation accuracy has "
        f"{test[np.nanargmax(validation)]:.4f} and {np.nanmax(validation):.4f}. The {len(first)} best of "
        f"{len(test):,} by test accuracy, the best hundredth, spread over {100 * (first[-1] - first[0]):.2f} points "
        f"with a standard deviation of {100 * first.std(ddof=1):.2f}; the mean of the repeats of one has a noise of "
        f"{100 * error:.2f} points, of which that spread is a part, for they were chosen by these means."
    )


def origin(made: dict[str, Any], size: int) -> list[tuple[str, str]]:
    """Give the provenance as names and values."""
    sessions = made["sessions"]
    machines = sorted(
        {f"{s['processor']}, {s['cores']} cores, {s['workers']} workers, {s['system']}" for s in sessions}
    )
    settings = {noun: ", ".join(f"{name} {value}" for name, value in made[noun].items()) for noun in _NOUNS}
    return [
        ("Command", f"`{made['command']}`"),
        ("Versions", ", ".join(f"{name} {value}" for name, value in made["versions"].items())),
        ("Python", ", ".join(sorted({session["python"] for session in sessions}))),
        ("Seed", f"{made['seed']}; each architecture and budget, repeat and attempt has one derived from it"),
        ("Data", f"{made['data']}, SHA-256 {made['data_checksum']}"),
        *((noun.capitalize(), settings[noun]) for noun in _NOUNS),
        ("Hardware", "; ".join(machines)),
        ("Begun, ended", f"{sessions[0]['started']}, {made['finished']}; sessions: {len(sessions)}"),
        ("Training", f"{made['training_seconds'] / 60:.1f} minutes of one core"),
        ("Given up", f"{len(made['failures'])} trainings"),
        ("Size", f"{size / 1000:,.0f} kB"),
    ]


def spread(epochs: Sequence[int], values: NDArray[np.float64]) -> list[list[str]]:
    """Return the quantiles of each moment."""
    found = np.nanquantile(values, list(QUANTILES.values()), axis=0).T
    return [[str(after), *(f"{x:.4f}" for x in row)] for after, row in zip(epochs, found, strict=True)]


def between_repeats(values: NDArray[np.float64]) -> float:
    """Average the rank correlation over all pairs of repeats; ``(modules, repeats)``."""
    pairs = [rank(values[:, a], values[:, b]) for a, b in combinations(range(values.shape[1]), 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def rank(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Give Spearman's correlation, modules that were given up left out."""
    return float(spearmanr(a, b, nan_policy="omit").statistic)


def noise(values: NDArray[np.float64]) -> float:
    """Give the standard deviation between repeats, root mean square over modules; ``(modules, repeats)``."""
    return float(np.sqrt(np.nanmean(np.nanvar(values, axis=1, ddof=1))))


def band(searches: Comparison, label: str) -> tuple[float, float]:
    """Give the ends of the 95 % band of a search's mean test accuracy after the last evaluation."""
    curve = searches.curves("test")[label]
    return float(curve.low[-1]), float(curve.high[-1])


def apart_from(searches: Comparison, metric: Metric, one: str, other: str) -> int | None:
    """Give the evaluation from which on two bands do not overlap; None when they do after the last."""
    curves = searches.curves(metric)
    end = min(len(curves[one].low), len(curves[other].low))  # a search of a tiny table may end early
    low, high = (np.stack([getattr(curves[name], edge)[:end] for name in (one, other)]) for edge in ("low", "high"))
    apart = high.min(axis=0) < low.max(axis=0)
    last = 0 if apart.all() else int(np.flatnonzero(~apart)[-1]) + 1
    return None if last == len(apart) else last + 1


def pairs(searches: Comparison) -> list[list[str]]:
    """Give a row for each pair of searches: since when they are apart, and by how much in the end."""
    body = []
    for (one, other), end in zip(
        combinations(searches.histories, 2), searches.separated("test").differences, strict=True
    ):
        since = [apart_from(searches, metric, one, other) for metric in METRICS]
        how = [end.better if end.apart else "–", f"{100 * end.mean:.3f}", f"{100 * end.reach:.3f}"]
        body.append([f"{one}, {other}", *("–" if n is None else str(n) for n in since), *how])
    return body


def verdict(searches: Comparison, error: float) -> str:
    """Say whether all searches separate by test accuracy, and if not, why.

    Args:
        searches: The searches.
        error: Standard deviation of test accuracy between the repeats of an architecture.
    """
    close = [pair for pair in combinations(searches.histories, 2) if apart_from(searches, "test", *pair) is None]
    if not close:
        return f"After {EVALUATIONS} evaluations all of them separate: no two bands of test accuracy overlap."
    regrets = [float(np.nanmean(values)) for values in searches.final("test-regret").values()]
    return (
        f"After {EVALUATIONS} evaluations the bands of {', '.join(' and '.join(pair) for pair in close)} overlap: "
        f"these searches do not separate by then. On average they end {100 * min(regrets):.2f} to "
        f"{100 * max(regrets):.2f} points below the best architecture, while one repeat differs from the mean of its "
        f"architecture by {100 * error:.2f} points (root mean square): what is told of the best candidates says little "
        "about which of them is better, to any search."
    )


def few_images(images: int, measured: Accuracies) -> str:
    """Say what validation accuracies cannot tell apart."""
    values = measured.validation[:, -1]
    means = np.nanmean(values, axis=1)
    error = noise(values) * np.sqrt(2 / values.shape[1])  # of the difference of two means
    near = int((means >= np.nanmax(means) - 2 * error).sum()) - 1
    return (
        f"The {images:,} validation images are few: the accuracy of a repeat comes in steps of 1/{images:,}. In the "
        f"end {near:,} other {measured.words} are within two standard errors of the best. Compare searches by many "
        "runs, not by one."
    )


def listing(pairs: list[tuple[str, str]]) -> str:
    """Write names and values as a list."""
    return "\n".join(f"- **{name}**: {value}" for name, value in pairs)


def rows(head: list[str], body: list[list[str]]) -> str:
    """Write a Markdown table."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["--:"] * len(head), *body])
